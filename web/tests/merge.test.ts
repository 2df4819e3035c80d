import { expect, test } from "vitest";
import type { ListedPost } from "../src/api";
import { approvedSince, joinComments, joinPosts, listed, withOwnText } from "../src/merge";
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

test("own approved comments are counted unless the read model had counted them", () => {
  const approved = comment("mine", { status: "approved", version: 2 });
  expect(approvedSince([], [approved, comment("b")])).toBe(1);
  expect(approvedSince([comment("mine")], [approved])).toBe(1);
  expect(approvedSince([approved], [approved])).toBe(0);
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
