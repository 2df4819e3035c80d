import { expect, test } from "vitest";
import { Problem, Unreachable } from "../src/errors";
import { ownIn } from "../src/own";
import { memoryStorage } from "../src/storage";
import { withoutAnswer } from "../src/use-post";
import { comment, post } from "./fake-blog";

test("own posts outlast a reload of the tab until they are dropped", () => {
  const storage = memoryStorage();
  const before = ownIn(storage, memoryStorage()).posts;
  before.put(post("a"));
  before.put(post("b"));
  before.put(post("a", { title: "again" }));
  const reloaded = ownIn(storage, memoryStorage()).posts;
  expect(reloaded.all().map(({ title }) => title)).toEqual(["again", "b"]);
  reloaded.drop("a");
  expect(
    ownIn(storage, memoryStorage())
      .posts.all()
      .map(({ id }) => id),
  ).toEqual(["b"]);
});

test("texts are kept for thirty days, and of many the newest fifty", () => {
  const storage = memoryStorage();
  const own = ownIn(storage, memoryStorage());
  for (let n = 0; n < 60; n += 1) own.comments.put(comment(`c${n}`));
  expect(own.comments.all()).toHaveLength(50);
  expect(own.comments.find("c59")).toBeDefined();
  const later = Date.now() + 31 * 24 * 3600 * 1000;
  expect(ownIn(storage, memoryStorage(), later).comments.all()).toEqual([]);
});

test("nothing is left in the storage when nothing is on its way", () => {
  const storage = memoryStorage();
  const own = ownIn(storage, memoryStorage());
  own.comments.put(comment("c"));
  own.comments.drop("c");
  expect(storage.length).toBe(0);
});

test.each(["not JSON", "7", '{"id": "a"}'])("%s in the storage counts as nothing", (text) => {
  const storage = memoryStorage();
  storage.setItem("own-posts", text);
  expect(ownIn(storage, memoryStorage()).posts.all()).toEqual([]);
});

test("a storage that is full costs nothing but what a reload would find", () => {
  const storage = memoryStorage();
  storage.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  ownIn(storage, memoryStorage()).posts.put(post("a"));
  expect(ownIn(storage, memoryStorage()).posts.all()).toEqual([]);
});

test("a post that the read model lacks is shown from the own copy, else it is absent", () => {
  const missing = new Problem(404, "No such post.");
  expect(withoutAnswer(missing, undefined)).toEqual({ state: { phase: "absent" }, sight: "fresh" });
  expect(withoutAnswer(missing, post("a", { version: 3 })).state).toMatchObject({
    phase: "shown",
    awaited: 3,
    post: { id: "a", comments: [], commentCount: 0 },
  });
});

test("a service that is away is not taken for an absent post, and is asked again soon", () => {
  const error = new Unreachable("away");
  expect(withoutAnswer(error, undefined)).toEqual({
    state: { phase: "failed", error },
    sight: "nothing",
  });
});
