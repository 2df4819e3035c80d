import { expect, test } from "vitest";
import { writeDate } from "../src/dates";

test("a date is written in the reader's language, and says which that is", () => {
  const iso = "2026-07-29T12:00:00.000000Z";
  expect(writeDate(iso, ["de-DE"])).toMatchObject({ text: "29. Juli 2026", language: "de-DE" });
  expect(writeDate(iso, ["en-US"]).text).toBe("July 29, 2026");
  expect(writeDate(iso, ["en-US"]).exact).toMatch(/^Wednesday, July 29, 2026 at \d/);
});
