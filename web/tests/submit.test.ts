import { expect, test } from "vitest";
import { type ApiError, Problem, Unreachable } from "../src/errors";
import { keyFor, newKey } from "../src/key";
import { Attempt, pauseAfter } from "../src/submit";

/** A server that fails with each of `failures` in turn and then answers. */
function serverAfter(...failures: Error[]) {
  const pauses: number[] = [];
  const told: ApiError[] = [];
  const attempt = new Attempt(
    (error) => told.push(error),
    (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  );
  let sent = 0;
  const send = () => {
    sent += 1;
    const failure = failures.shift();
    return failure ? Promise.reject(failure) : Promise.resolve("done");
  };
  return { attempt, send, pauses, told, sent: () => sent };
}

const away = new Unreachable("away");
const notArrived = new Problem(404, "Not yet.", [], 2);

test("a service that is away is tried again, slower each time, and the writer is told", async () => {
  const { attempt, send, pauses, told } = serverAfter(away, new Problem(503, ""), away);
  expect(await attempt.run(send)).toBe("done");
  expect(pauses).toEqual([1000, 2000, 4000]);
  expect(told).toHaveLength(3);
});

test("it is tried again for ever, at most half a minute apart, and later where that is asked for", () => {
  expect(pauseAfter(away, 500)).toBe(30_000);
  expect(pauseAfter(new Problem(429, "", [], 7), 0)).toBe(7000);
});

test("a 404 with Retry-After is tried again after that time, and is no trouble to tell of", async () => {
  const { attempt, send, pauses, told } = serverAfter(notArrived, notArrived);
  expect(await attempt.run(send)).toBe("done");
  expect([pauses, told]).toEqual([[2000, 2000], []]);
});

test("a post that never arrives is given up in the end", async () => {
  const { attempt, send, sent } = serverAfter(...Array.from({ length: 100 }, () => notArrived));
  await expect(attempt.run(send)).rejects.toBe(notArrived);
  expect(sent()).toBe(30);
});

test.each([new Problem(404, "No such post."), new Problem(422, ""), new Problem(401, "")])(
  "%s is told at once",
  async (refusal) => {
    const { attempt, send, pauses } = serverAfter(refusal);
    await expect(attempt.run(send)).rejects.toBe(refusal);
    expect(pauses).toEqual([]);
  },
);

/** An attempt, and a promise of its first waiting. */
function waiting() {
  let begun: () => void = () => undefined;
  const begins = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const attempt = new Attempt(() => {
    begun();
  });
  return { begins, attempt };
}

test("waiting is cut short when somebody wants it tried now", async () => {
  const { begins, attempt } = waiting();
  const done = attempt.run(serverAfter(new Problem(503, "", [], 3600)).send);
  await begins;
  attempt.hurry();
  expect(await done).toBe("done");
});

test("what is stopped ends with the last failure and is not sent again", async () => {
  const { begins, attempt } = waiting();
  const { send, sent } = serverAfter(new Problem(503, "", [], 3600));
  const done = attempt.run(send);
  await begins;
  attempt.stop();
  await expect(done).rejects.toBeInstanceOf(Problem);
  expect(sent()).toBe(1);
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
