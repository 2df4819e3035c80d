import { expect, test } from "vitest";
import { Problem, Unreachable } from "../src/errors";
import { ownIn } from "../src/own";
import { memoryStorage } from "../src/storage";
import { withoutAnswer } from "../src/use-post";
import { post } from "./fake-blog";

test("own posts outlast a reload of the tab until they are dropped", () => {
  const storage = memoryStorage();
  const before = ownIn(storage).posts;
  before.put(post("a"));
  before.put(post("b"));
  before.put(post("a", { title: "again" }));
  const reloaded = ownIn(storage).posts;
  expect(reloaded.all().map(({ title }) => title)).toEqual(["again", "b"]);
  reloaded.drop("a");
  expect(
    ownIn(storage)
      .posts.all()
      .map(({ id }) => id),
  ).toEqual(["b"]);
});

test("a post that the read model lacks is shown from the own copy, else it is absent", () => {
  const missing = new Problem(404, "No such post.");
  expect(withoutAnswer(missing, undefined)).toEqual({ phase: "absent" });
  expect(withoutAnswer(missing, post("a"))).toMatchObject({
    phase: "on its way",
    post: { id: "a", comments: [], commentCount: 0 },
  });
});

test("a service that is away is not taken for an absent post", () => {
  const error = new Unreachable("away");
  expect(withoutAnswer(error, post("a"))).toEqual({ phase: "failed", error });
});
