import { expect, test } from "vitest";
import { Problem, Unreachable } from "../src/errors";
import { keyFor, newKey } from "../src/key";
import { Sender } from "../src/submit";

interface Draft {
  title: string;
}

/** A server that fails with each of `failures` in turn and then answers; it remembers the keys. */
function serverAfter(...failures: Error[]) {
  const keys: string[] = [];
  const pauses: number[] = [];
  const sender = new Sender<Draft, string>(
    (_draft, key) => {
      keys.push(key);
      const failure = failures.shift();
      return failure ? Promise.reject(failure) : Promise.resolve("done");
    },
    (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  );
  return { sender, keys, pauses };
}

const notArrived = new Problem(404, "Not yet.", [], 2);

test("a retry of the same text goes under the same key", async () => {
  const { sender, keys } = serverAfter(new Unreachable("away"));
  await expect(sender.submit({ title: "a" })).rejects.toBeInstanceOf(Unreachable);
  expect(await sender.submit({ title: "a" })).toBe("done");
  expect(keys[1]).toBe(keys[0]);
});

test("other text, and the same text after it was taken, go under fresh keys", async () => {
  const { sender, keys } = serverAfter(new Unreachable("away"));
  await expect(sender.submit({ title: "a" })).rejects.toBeInstanceOf(Unreachable);
  await sender.submit({ title: "b" });
  await sender.submit({ title: "b" });
  expect(new Set(keys).size).toBe(3);
});

test("a 404 with Retry-After is tried again after that time under the same key", async () => {
  const { sender, keys, pauses } = serverAfter(notArrived, notArrived);
  expect(await sender.submit({ title: "a" })).toBe("done");
  expect(pauses).toEqual([2000, 2000]);
  expect(new Set(keys).size).toBe(1);
});

test("a post that never arrives is given up in the end", async () => {
  const { sender, keys } = serverAfter(...Array.from({ length: 100 }, () => notArrived));
  await expect(sender.submit({ title: "a" })).rejects.toBe(notArrived);
  expect(keys).toHaveLength(30);
});

test("a 404 without Retry-After, and a 503 with it, are told at once", async () => {
  const gone = new Problem(404, "No such post.");
  const busy = new Problem(503, "Busy.", [], 1);
  const { sender, pauses } = serverAfter(gone, busy);
  await expect(sender.submit({ title: "a" })).rejects.toBe(gone);
  await expect(sender.submit({ title: "a" })).rejects.toBe(busy);
  expect(pauses).toEqual([]);
});

test("a key is made once per text", () => {
  let made = 0;
  const make = () => String(++made);
  const first = keyFor("a", null, make);
  expect(keyFor("a", first, make)).toBe(first);
  expect(keyFor("b", first, make).key).toBe("2");
});

test("without randomUUID a key is 128 random bits in visible ASCII", () => {
  const source = { getRandomValues: crypto.getRandomValues.bind(crypto) };
  expect(newKey(source)).toMatch(/^[0-9a-f]{32}$/);
  expect(newKey(source)).not.toBe(newKey(source));
  expect(newKey()).toMatch(/^[!-~]{32,36}$/);
});
