import { expect, test } from "vitest";
import type { Comment, ListedPost } from "../src/api";
import {
  approvedSince,
  joinComments,
  joinPosts,
  listed,
  withOwnPosts,
  withOwnText,
} from "../src/merge";
import { comment } from "./fake-blog";

function post(id: string, createdAt: string, title = id): ListedPost {
  return { id, title, createdAt, updatedAt: createdAt, version: 1, excerpt: "", commentCount: 0 };
}

const own = comment("mine", { author: "Ada", content: "hello" });

test("an own comment that was not read yet stands apart, after those read", () => {
  const joined = joinComments([comment("other")], [own]);
  expect(joined.read.map(({ id }) => id)).toEqual(["other"]);
  expect(joined.own).toEqual([own]);
});

test("an own pending comment that was read keeps its place and gets its text back", () => {
  const joined = joinComments([comment("mine"), comment("other")], [own]);
  expect(joined.read[0]).toEqual(own);
  expect(joined.read[1]?.content).toBeNull();
  expect(joined.own).toEqual([]);
});

test("a comment on two pages is shown once", () => {
  expect(joinComments([comment("a"), comment("b"), comment("a")], []).read).toHaveLength(2);
});

test("of two states of a comment the later one counts, with the own text", () => {
  const read = comment("mine", { version: 2, status: "rejected", reason: "word-list" });
  const settled = withOwnText(read, own);
  expect(settled).toMatchObject({ status: "rejected", reason: "word-list", content: "hello" });
  expect(withOwnText(comment("mine"), settled)).toEqual(settled);
});

test("the reader's text of an approved comment wins over the own copy", () => {
  const read = comment("mine", {
    version: 2,
    status: "approved",
    author: "Ada",
    content: "as stored",
  });
  expect(withOwnText(read, own).content).toBe("as stored");
});

test("what was approved since the page was read is counted, what it had counted is not", () => {
  const approved = comment("mine", { status: "approved", version: 2 });
  const since = (read: Comment[], own: Comment[]) => approvedSince(read, joinComments(read, own));
  expect(since([], [approved, comment("b")])).toBe(1);
  expect(since([comment("mine")], [approved])).toBe(1);
  expect(since([approved], [approved])).toBe(0);
});

test("the author's decision shows until the read model has it, or a later one", () => {
  const read = comment("a", { status: "approved", content: "text", version: 2 });
  const decided = comment("a", { status: "rejected", reason: "author", version: 3 });
  const joined = joinComments([read], [], [decided]);
  expect(joined.read).toEqual([decided]);
  expect(approvedSince([read], joined)).toBe(-1);
  const later = { ...read, version: 4 };
  expect(joinComments([later], [], [decided]).read).toEqual([later]);
});

test("a post as it was last written here stands in the list, with the comments it has", () => {
  const read = { ...post("a", "2026-01-01", "old"), commentCount: 3 };
  const written = { ...post("a", "2026-01-01", "new"), version: 2, body: "text" };
  expect(withOwnPosts([read], [written], new Set())).toMatchObject([
    { title: "new", commentCount: 3 },
  ]);
  expect(withOwnPosts([{ ...read, version: 2 }], [written], new Set())[0]?.title).toBe("old");
});

test("a post that was deleted here stays away, whatever was read", () => {
  const read = [post("a", "2026-01-01"), post("b", "2026-01-02")];
  expect(withOwnPosts(read, [], new Set(["a"])).map(({ id }) => id)).toEqual(["b"]);
});

test("posts of two pages come newest first, each once, as seen last", () => {
  const joined = joinPosts(
    [post("b", "2026-01-02"), post("a", "2026-01-01", "old title")],
    [post("c", "2026-01-03"), post("a", "2026-01-01", "new title")],
  );
  expect(joined.map(({ title }) => title)).toEqual(["c", "b", "new title"]);
});

test("posts of one moment are ordered by id, as the API orders them", () => {
  const at = "2026-01-01";
  expect(joinPosts([post("a", at), post("B", at)], [post("c", at)]).map(({ id }) => id)).toEqual([
    "c",
    "a",
    "B",
  ]);
});

test("a post just written is listed with a short plain text that splits no character", () => {
  const written = { ...post("a", "2026-01-01"), body: `one\n\ntwo ${"🦉".repeat(400)}` };
  const { excerpt } = listed(written);
  expect(excerpt.startsWith("one two 🦉")).toBe(true);
  expect(Array.from(excerpt)).toHaveLength(280);
  expect(excerpt.endsWith("🦉")).toBe(true);
});
