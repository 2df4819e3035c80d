import { expect, test } from "vitest";
import { isTemporary, Problem, readProblem, Unreachable } from "../src/errors";

function problem(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

test("a problem's pointers become the names of the fields", async () => {
  const errors = [
    { pointer: "#/title", detail: "too long" },
    { pointer: "#/a~1b%20c", detail: "odd" },
  ];
  const read = await readProblem(problem(422, { detail: "not valid", errors }));
  expect(read.faults).toEqual([
    { field: "title", detail: "too long" },
    { field: "a/b c", detail: "odd" },
  ]);
  expect(read.detail).toBe("not valid");
});

test("faults without a pointer, and a list that is none, are left out", async () => {
  expect((await readProblem(problem(422, { errors: [{ detail: "x" }, null, 7] }))).faults).toEqual(
    [],
  );
  expect((await readProblem(problem(422, { errors: "x" }))).faults).toEqual([]);
});

test("Retry-After in seconds is read, and a date is not taken for seconds", async () => {
  const in3 = await readProblem(problem(404, {}, { "Retry-After": "3" }));
  const dated = await readProblem(
    problem(404, {}, { "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }),
  );
  expect([in3.retryAfter, dated.retryAfter]).toEqual([3, null]);
});

test("an answer that is no JSON still gives its status", async () => {
  const read = await readProblem(new Response("<h1>Bad Gateway</h1>", { status: 502 }));
  expect([read.status, read.detail]).toEqual([502, ""]);
});

test.each<[Error, boolean]>([
  [new Unreachable("no network"), true],
  [new Problem(503, ""), true],
  [new Problem(429, ""), true],
  [new Problem(404, ""), false],
  [new Problem(422, ""), false],
  [new TypeError("a bug"), false],
])("%s goes away by itself: %s", (error, temporary) => {
  expect(isTemporary(error)).toBe(temporary);
});
