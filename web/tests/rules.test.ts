import { expect, test } from "vitest";
import { commentFaults, LIMITS, postFaults, trimmed } from "../src/rules";
import { texts } from "../src/texts";

const title = (text: string, whole = true) => postFaults({ title: text, body: "" }, whole).title;
const body = (text: string) => postFaults({ title: "t", body: text }, true).body;
const content = (text: string, whole = true) =>
  commentFaults({ content: text, author: "" }, whole).content;
const author = (text: string) => commentFaults({ content: "c", author: text }, true).author;

const OWL = "🦉"; // one code point of two UTF-16 units and four bytes

test.each<[string, (text: string) => string | undefined, string, number]>([
  ["a title", title, "a", LIMITS.title],
  ["a title of emoji", title, OWL, LIMITS.title],
  ["a comment", content, "a", LIMITS.content],
  ["a comment of emoji", content, OWL, LIMITS.content],
  ["a name", author, OWL, LIMITS.author],
  ["a body", body, "a", LIMITS.bodyBytes],
  ["a body of emoji", body, OWL, LIMITS.bodyBytes / 4],
  ["a body of umlauts", body, "ü", LIMITS.bodyBytes / 2],
])("%s may be as long as its limit and not longer", (_what, fault, letter, most) => {
  expect(fault(letter.repeat(most))).toBeUndefined();
  expect(fault(letter.repeat(most) + "a")).toMatch(/^This is 1 (character|byte) too long/);
});

test("what stands around a title or a name does not count, around a comment it does", () => {
  expect(title(`  ${"a".repeat(200)}\n`)).toBeUndefined();
  expect(author(`  ${"a".repeat(80)}\n`)).toBeUndefined();
  expect(content(` ${"a".repeat(5000)}`)).toBeDefined();
});

test.each(["", "   ", "\u3000\u00a0\u0085\u001c"])("%j is as good as nothing", (text) => {
  expect([title(text), content(text)]).toEqual([texts.faults.missing, texts.faults.missing]);
  expect([body(text), author(text)]).toEqual([undefined, undefined]);
});

test("somebody who has just begun is not told that there is nothing yet", () => {
  expect([title("", false), content("", false)]).toEqual([undefined, undefined]);
});

test("text is trimmed as the API trims: a byte order mark is text, a file separator is not", () => {
  expect(trimmed("\u001c\ufeffa\u0085")).toBe("\ufeffa");
});

test.each(["a\0b", "a\ud800b", "\udc00"])("%j cannot be kept", (text) => {
  const { unstorable } = texts.faults;
  expect([title(text), body(text), content(text), author(text)]).toEqual(Array(4).fill(unstorable));
});
