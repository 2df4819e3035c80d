import { expect, test } from "vitest";
import { parseRoute, postPath } from "../src/router";

test.each([
  ["/", { page: "list" }],
  ["/posts/abc", { page: "post", id: "abc" }],
  ["/posts/abc/", { page: "unknown" }],
  ["/posts/a%2Fb", { page: "post", id: "a/b" }],
  ["/posts/%E0%A4%A", { page: "unknown" }],
  ["/posts/", { page: "unknown" }],
  ["/posts/a/b", { page: "unknown" }],
  ["/other", { page: "unknown" }],
])("%s is %o", (path, route) => {
  expect(parseRoute(path)).toEqual(route);
});

test("a post's path leads back to its id, whatever is in it", () => {
  const id = "a/b ?#ü";
  expect(parseRoute(postPath(id))).toEqual({ page: "post", id });
});
