// @vitest-environment jsdom
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../src/app";
import { Problem } from "../src/errors";
import { ownIn } from "../src/own";
import { navigate } from "../src/router";
import { ServicesProvider } from "../src/services";
import { memoryStorage } from "../src/storage";
import { texts } from "../src/texts";
import { tokenIn } from "../src/token";
import { comment, FakeBlog, post } from "./fake-blog";

let root: ReturnType<typeof createRoot>;
let blog: FakeBlog;
let storage: Storage;

beforeEach(() => {
  window.scrollTo = () => undefined;
  blog = new FakeBlog();
  storage = memoryStorage();
  document.body.innerHTML = "<div id='page'></div>";
});

afterEach(() => {
  root.unmount();
});

function open(path: string): void {
  navigate(path);
  root = createRoot(find("#page"));
  root.render(
    <ServicesProvider value={{ api: blog, own: ownIn(storage), token: tokenIn(storage) }}>
      <App />
    </ServicesProvider>,
  );
}

function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`no ${selector} in ${document.body.textContent}`);
  return found;
}

const shows = (text: string) =>
  vi.waitFor(() => {
    expect(document.body.textContent).toContain(text);
  }, 3000);

function field(name: string): HTMLInputElement | HTMLTextAreaElement {
  return find(`[name=${name}]`) as HTMLInputElement | HTMLTextAreaElement;
}

async function type(name: string, value: string): Promise<void> {
  const place = await vi.waitFor(() => field(name));
  place.value = value;
  place.dispatchEvent(new Event("input", { bubbles: true }));
  await vi.waitFor(() => {
    expect(field(name).value).toBe(value);
  });
}

function send(): void {
  find("form .primary").click();
}

test("an empty blog invites to write", async () => {
  open("/");
  await shows(texts.list.emptyText);
});

test("a service that is away is said to be, and asked again by a button", async () => {
  blog.away = true;
  open("/");
  await shows(texts.away.heading);
  blog.away = false;
  find(".notice button").click();
  await shows(texts.list.emptyText);
});

test("a post just written is on its way until the read model has it", async () => {
  open("/");
  await type("title", "Hello");
  send();
  await shows(texts.post.onItsWay);
  expect(find(".card a").getAttribute("href")).toBe("/posts/p1");
  blog.arrive(post("p1", { title: "Hello", body: "The text" }));
  await shows("The text");
  expect(document.body.textContent).not.toContain(texts.post.onItsWay);
  expect(ownIn(storage).posts.all()).toEqual([]);
});

test("what is wrong with a field stands at it, and what has no field stands above the button", async () => {
  const faults = [
    { field: "title", detail: "too long" },
    { field: "", detail: "not an object" },
  ];
  blog.failures.push(new Problem(422, "Not valid.", faults));
  open("/");
  await type("title", "Hello");
  send();
  await shows("too long");
  const title = find("[name=title]");
  expect(title.getAttribute("aria-invalid")).toBe("true");
  const described = title.getAttribute("aria-describedby") ?? "";
  expect(document.getElementById(described)?.textContent).toBe("too long");
  expect(find(".failure").textContent).toContain("not an object");
  expect(field("title").value).toBe("Hello");
});

test("a 401 asks for the token, which this tab then keeps, and the key stays the same", async () => {
  blog.failures.push(new Problem(401, "A token is needed."));
  open("/");
  await type("title", "Hello");
  send();
  await type("token", "secret");
  send();
  await shows(texts.post.onItsWay);
  expect(blog.written.map(({ token }) => token)).toEqual([null, "secret"]);
  expect(blog.written[0]?.key).toBe(blog.written[1]?.key);
  expect(tokenIn(storage).get()).toBe("secret");
});

test("a comment is shown with its text while it waits and when it is rejected", async () => {
  blog.arrive(post("p"));
  open("/posts/p");
  await type("content", "An orange");
  send();
  await shows(texts.comments.pending);
  expect(find(".comment").textContent).toContain("An orange");
  const verdict = { status: "rejected", reason: "word-list", version: 2 } as const;
  blog.arrive(post("p"), [comment("c1", verdict)]);
  await shows(texts.comments.reason("word-list"));
  expect(find(".comment").textContent).toContain("An orange");
});

test("a comment read as pending is asked for again, then counted and no longer kept in the tab", async () => {
  blog.arrive(post("p"));
  open("/posts/p");
  await type("content", "Hello");
  send();
  blog.arrive(post("p"), [comment("c1")]);
  await vi.waitFor(() => {
    expect(blog.commentsAsked).toBeGreaterThan(1);
  }, 3000);
  await shows(texts.comments.pending);
  blog.arrive(post("p"), [comment("c1", { status: "approved", content: "Hello", version: 2 })]);
  await shows(`${texts.comments.heading} 1`);
  expect(ownIn(storage).comments.all()).toEqual([]);
});

test("a comment on a post that has been deleted says so and keeps the text", async () => {
  blog.arrive(post("p"));
  blog.failures.push(new Problem(404, "No such post."));
  open("/posts/p");
  await type("content", "Hello");
  send();
  await shows(texts.writeComment.postGone);
  expect(field("content").value).toBe("Hello");
});

test("an address that is none, and a post that is none, say so", async () => {
  open("/elsewhere");
  await shows(texts.notFound.heading);
  navigate("/posts/none");
  await shows(texts.notFound.again);
});
