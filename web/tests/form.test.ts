import { afterEach, expect, test, vi } from "vitest";
import { type Draft, draftsIn } from "../src/drafts";
import { Problem, Unreachable } from "../src/errors";
import { Form } from "../src/form";
import { memoryStorage } from "../src/storage";

interface Values {
  title: string;
  body: string;
}

const away = new Unreachable("away");

afterEach(() => {
  vi.useRealTimers();
});

/** A form on `storage` whose server fails with each of `failures` in turn and then takes the text. */
function formOn(storage: Storage, ...failures: Error[]) {
  const sent: { values: Values; key: string }[] = [];
  const done: string[] = [];
  const open = () =>
    new Form<Values, string>({
      draft: draftsIn(storage)("post:new"),
      initial: () => ({ title: "", body: "" }),
      check: ({ title }, whole): Record<string, string> =>
        whole && title === "" ? { title: "missing" } : {},
      send: (values, key) => {
        sent.push({ values, key });
        const failure = failures.shift();
        return failure ? Promise.reject(failure) : Promise.resolve("taken");
      },
      onDone: (result) => done.push(result),
    });
  return { open, sent, done };
}

const phaseOf = (form: Form<Values, string>, phase: string) =>
  vi.waitFor(() => {
    expect(form.snapshot().phase).toBe(phase);
  });

test("a draft outlasts a reload, until it has been taken", async () => {
  const storage = memoryStorage();
  const { open, done } = formOn(storage);
  open().change("title", "Hello");
  const reloaded = open();
  expect(reloaded.snapshot()).toMatchObject({
    values: { title: "Hello", body: "" },
    changed: true,
  });
  await reloaded.submit();
  expect(done).toEqual(["taken"]);
  expect(reloaded.snapshot()).toMatchObject({ values: { title: "" }, changed: false });
  expect(storage.length).toBe(0);
});

test("a double click makes one", async () => {
  const { open, sent } = formOn(memoryStorage());
  const form = open();
  form.change("title", "Hello");
  await Promise.all([form.submit(), form.submit()]);
  expect(sent).toHaveLength(1);
});

test("what was being sent goes on after a reload, under the same key", async () => {
  const storage = memoryStorage();
  const { open, sent, done } = formOn(storage, away);
  const form = open();
  form.change("title", "Hello");
  void form.submit();
  await phaseOf(form, "waiting");
  form.leave();
  const reloaded = open();
  reloaded.resume();
  await vi.waitFor(() => {
    expect(done).toEqual(["taken"]);
  });
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
});

test("a form that is only opened again sends nothing", () => {
  const { open, sent } = formOn(memoryStorage());
  open().change("title", "Hello");
  open().resume();
  expect(sent).toEqual([]);
});

test("what fails for a while is sent again by itself under the same key", async () => {
  vi.useFakeTimers();
  const { open, sent, done } = formOn(memoryStorage(), away, new Problem(503, ""));
  const form = open();
  form.change("title", "Hello");
  const submitted = form.submit();
  await vi.advanceTimersByTimeAsync(3000);
  await submitted;
  expect(done).toEqual(["taken"]);
  expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
});

test("stopping gives the text back, and sending the same again is safe", async () => {
  const { open, sent } = formOn(memoryStorage(), away);
  const form = open();
  form.change("title", "Hello");
  const submitted = form.submit();
  await phaseOf(form, "waiting");
  form.stop();
  await submitted;
  expect(form.snapshot()).toMatchObject({ phase: "writing", error: away });
  await form.submit();
  expect(sent[1]?.key).toBe(sent[0]?.key);
});

test("other text goes under another key", async () => {
  const { open, sent } = formOn(memoryStorage(), new Problem(422, ""));
  const form = open();
  form.change("title", "Hello");
  await form.submit();
  form.change("title", "Hello again");
  await form.submit();
  expect(sent[1]?.key).not.toBe(sent[0]?.key);
});

test("what is wrong is not sent, and stands at its field from then on", async () => {
  const { open, sent } = formOn(memoryStorage());
  const form = open();
  expect(form.snapshot().faults).toEqual({});
  await form.submit();
  expect(form.snapshot()).toMatchObject({ faults: { title: "missing" }, refusals: 1 });
  form.change("title", "Hello");
  expect(form.snapshot().faults).toEqual({});
  expect(sent).toEqual([]);
});

test("what the server found wrong stands at its field until that is changed", async () => {
  const refusal = new Problem(422, "", [{ field: "title", detail: "no" }]);
  const { open } = formOn(memoryStorage(), refusal);
  const form = open();
  form.change("title", "Hello");
  await form.submit();
  expect(form.snapshot()).toMatchObject({ faults: { title: "no" }, refusals: 1, phase: "writing" });
  form.change("body", "text");
  expect(form.snapshot().faults).toEqual({ title: "no" });
  form.change("title", "Other");
  expect(form.snapshot().faults).toEqual({});
});

test("a discarded draft is gone, and its key with it", async () => {
  const storage = memoryStorage();
  const { open } = formOn(storage, new Problem(422, ""));
  const form = open();
  form.change("title", "Hello");
  await form.submit();
  form.discard();
  expect(form.snapshot()).toMatchObject({ values: { title: "" }, error: null, changed: false });
  expect(storage.length).toBe(0);
});

test("a draft that nobody came back to for a month is dropped", () => {
  const storage = memoryStorage();
  const draft: Draft<object> = { values: {}, last: null, sending: false, at: Date.now() };
  draftsIn(storage)("comment:p").set(draft);
  storage.setItem("other", "stays");
  draftsIn(storage, Date.now() + 29 * 24 * 3600 * 1000);
  expect(storage.length).toBe(2);
  draftsIn(storage, Date.now() + 31 * 24 * 3600 * 1000);
  expect(storage.length).toBe(1);
});
