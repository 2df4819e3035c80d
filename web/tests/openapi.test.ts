import { expect, test } from "vitest";
import description from "../public/openapi.json";

const METHODS = ["get", "post", "patch", "delete"];

test("the description has the API's requests, and no others", () => {
  const requests = Object.entries(description.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((name) => METHODS.includes(name))
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(requests.sort()).toEqual([
    "DELETE /posts/{id}",
    "GET /feed.xml",
    "GET /openapi.json",
    "GET /posts",
    "GET /posts/{id}",
    "GET /posts/{id}/comments",
    "GET /posts/{id}/comments/{commentId}",
    "PATCH /posts/{id}",
    "PATCH /posts/{id}/comments/{commentId}",
    "POST /posts",
    "POST /posts/{id}/comments",
  ]);
});

test("every reference in the description leads to something", () => {
  const references = JSON.stringify(description).matchAll(/"\$ref":"#\/([^"]+)"/g);
  for (const [, path = ""] of references) expect(description).toHaveProperty(path.split("/"));
});
