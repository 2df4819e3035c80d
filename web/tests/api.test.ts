import { expect, test } from "vitest";
import { connect } from "../src/api";
import { Problem, Unreachable } from "../src/errors";
import { comment } from "./fake-blog";

interface Sent {
  path: string;
  init: RequestInit;
}

/** An API that answers everything alike and remembers what it was sent. */
function answering(answer: () => Response | Promise<Response>) {
  const sent: Sent[] = [];
  const api = connect(async (path, init) => {
    sent.push({ path: path as string, init: init ?? {} });
    return answer();
  });
  return { api, sent };
}

const json =
  (body: unknown, status = 200) =>
  () =>
    new Response(JSON.stringify(body), { status });

test("ids and cursors are encoded into the path", async () => {
  const { api, sent } = answering(json({}));
  await api.getComment("a/b", "c?d");
  await api.getPost("a/b");
  await api.listComments("a/b", "x&y=");
  await api.listPosts("x&y=");
  expect(sent.map(({ path }) => path)).toEqual([
    "/api/posts/a%2Fb/comments/c%3Fd",
    "/api/posts/a%2Fb",
    "/api/posts/a%2Fb/comments?cursor=x%26y%3D",
    "/api/posts?cursor=x%26y%3D",
  ]);
});

test("a read asks the server each time and carries no token", async () => {
  const { api, sent } = answering(json({ posts: [], next: null }));
  await api.listPosts();
  expect(sent[0]?.init.cache).toBe("no-cache");
  expect(sent[0]?.init.headers).toBeUndefined();
});

test("a command carries its key, its type, and the token when there is one", async () => {
  const { api, sent } = answering(json({}, 201));
  await api.createPost({ title: "t", body: "b" }, { key: "k1", token: "secret" });
  await api.createComment("p", { content: "c", author: null }, { key: "k2" });
  const plain = { "Content-Type": "application/json", "Idempotency-Key": "k2" };
  expect(sent[0]?.init.headers).toEqual({
    "Content-Type": "application/json",
    "Idempotency-Key": "k1",
    Authorization: "Bearer secret",
  });
  expect(sent[1]?.init.headers).toEqual(plain);
  expect(sent[1]?.init.body).toBe('{"content":"c","author":null}');
});

test("changing, deleting and deciding carry the token and no key; a 204 has no body", async () => {
  const { api, sent } = answering(() => new Response(null, { status: 204 }));
  await api.updatePost("a/b", { title: "t", body: "b" }, "secret");
  await expect(api.deletePost("a", "secret")).resolves.toBeUndefined();
  await api.decide(comment("c", { postId: "p" }), "approved", "");
  expect(sent.map(({ path, init }) => `${init.method ?? "GET"} ${path}`)).toEqual([
    "PATCH /api/posts/a%2Fb",
    "DELETE /api/posts/a",
    "PATCH /api/posts/p/comments/c",
  ]);
  const json = { "Content-Type": "application/json" };
  const signed = { ...json, Authorization: "Bearer secret" };
  expect(sent.map(({ init }) => init.headers)).toEqual([signed, signed, json]);
  expect(sent[2]?.init.body).toBe('{"status":"approved"}');
});

test.each([
  [422, true],
  [401, false],
])(
  "a post without a title answered with %i says whether one may write: %s",
  async (status, may) => {
    const { api, sent } = answering(json({}, status));
    expect(await api.mayWrite("secret")).toBe(may);
    expect(sent[0]?.init).toMatchObject({ method: "POST", body: "{}" });
  },
);

test("whether one may write is not known when the service is away", async () => {
  await expect(answering(json({}, 503)).api.mayWrite("")).rejects.toBeInstanceOf(Problem);
});

test.each([
  ["sleeping-blog; hit; detail=stale", true],
  ["one; hit; ttl=-42", true],
  ["sleeping-blog; hit; detail=stale, another; hit", true],
  ["sleeping-blog; fwd=stale", false],
  ["sleeping-blog; fwd=stale, another; hit", false],
  ["sleeping-blog; hit", false],
  ["one; hit; ttl=1", false],
  ["sleeping-blog; fwd=uri-miss", false],
  ["", false],
])("an answer with Cache-Status %s is stale: %s", async (status, stale) => {
  const { api } = answering(() => new Response("{}", { headers: { "Cache-Status": status } }));
  expect((await api.getPost("x")).stale).toBe(stale);
});

test("an error answer rejects with the problem", async () => {
  const { api } = answering(json({ detail: "No such post." }, 404));
  await expect(api.getPost("x")).rejects.toMatchObject({ status: 404, detail: "No such post." });
  await expect(api.getPost("x")).rejects.toBeInstanceOf(Problem);
});

test("a network failure and a body that is no JSON reject as unreachable", async () => {
  const failing = answering(() => Promise.reject(new TypeError("Failed to fetch")));
  const babbling = answering(() => new Response("<html>"));
  await expect(failing.api.getPost("x")).rejects.toBeInstanceOf(Unreachable);
  await expect(babbling.api.getPost("x")).rejects.toBeInstanceOf(Unreachable);
});
