// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { Problem } from "../src/errors";
import { navigate } from "../src/router";
import { texts } from "../src/texts";
import {
  blog,
  closeTab,
  field,
  find,
  lasting,
  offers,
  open,
  press,
  send,
  shows,
  type,
} from "./driving";
import { comment, post } from "./fake-blog";

test("a service that is away is said to be, and the page recovers by itself", async () => {
  blog.away = true;
  open("/");
  await shows(texts.away.heading);
  blog.away = false;
  await shows(texts.list.emptyText);
});

test("an answer that was stale is read again soon", async () => {
  blog.stale = 1;
  open("/");
  await shows(texts.list.emptyText);
  blog.arrive(post("p", { title: "Fresh" }));
  await shows("Fresh");
  expect(blog.listsAsked).toBe(2);
});

test("a service that goes away takes nothing from the page that is being read", async () => {
  blog.arrive(post("p", { title: "Read me" }));
  blog.stale = 1;
  open("/posts/p");
  await shows("Read me");
  blog.away = true;
  await vi.waitFor(() => {
    expect(blog.stale).toBe(0);
  });
  expect(document.body.textContent).toContain("Read me");
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

test("a verdict that came while the tab was closed is there on the next visit", async () => {
  blog.arrive(post("p"));
  open("/posts/p");
  await type("content", "An orange");
  send();
  await shows(texts.comments.pending);
  closeTab();
  const verdict = { status: "rejected", reason: "word-list", version: 2 } as const;
  blog.arrive(post("p"), [comment("c1", verdict)]);
  open("/posts/p");
  await shows(texts.comments.reason("word-list"));
  expect(find(".comment").textContent).toContain("An orange");
});

test("a comment that the author approved after all is no longer kept here", async () => {
  blog.arrive(post("p"));
  open("/posts/p");
  await type("content", "An orange");
  send();
  await shows(texts.comments.pending);
  closeTab();
  const approved = { status: "approved", content: "An orange", version: 3 } as const;
  blog.arrive(post("p"), [comment("c1", approved)]);
  open("/posts/p");
  await shows(`${texts.comments.heading} 1`);
  await vi.waitFor(() => {
    expect(lasting.getItem("own-comments")).toBeNull();
  });
  expect(document.querySelector(".mark")).toBeNull();
});

test("a comment read as pending is asked for again, then counted and no longer kept", async () => {
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
  expect(lasting.length).toBe(0);
});

test("further comments come when asked for, after those that are there", async () => {
  const approved = { status: "approved", version: 2 } as const;
  blog.further = [comment("c2", { ...approved, content: "Second" })];
  blog.arrive(post("p"), [comment("c1", { ...approved, content: "First" })]);
  open("/posts/p");
  await offers(texts.comments.more);
  blog.away = true;
  press(texts.comments.more);
  await shows(texts.comments.moreFailed);
  blog.away = false;
  press(texts.comments.more);
  await shows("Second");
  const shown = Array.from(document.querySelectorAll(".comment .text"), (e) => e.textContent);
  expect(shown).toEqual(["First", "Second"]);
  expect(document.body.textContent).not.toContain(texts.comments.more);
});

test("a reader's name is kept for the next comment, on another post too", async () => {
  blog.arrive(post("p"));
  blog.arrive(post("q"));
  open("/posts/p");
  await type("content", "Hello");
  await type("author", " Ada ");
  send();
  await shows(texts.comments.pending);
  expect(field("author").value).toBe("Ada");
  navigate("/posts/q");
  await vi.waitFor(() => {
    expect(find("h1").textContent).toBe("q");
  });
  expect(field("author").value).toBe("Ada");
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

test("each page has its own title and description", async () => {
  document.head.innerHTML = '<meta name="description">';
  const description = () => find("meta[name=description]").getAttribute("content");
  blog.arrive(post("p", { title: "Owls", body: "# Owls\n\nThey *sleep* by [day](x)." }));
  open("/posts/p");
  await vi.waitFor(() => {
    expect(document.title).toBe(`Owls · ${texts.blogName}`);
  });
  expect(description()).toBe("Owls They sleep by day.");
  navigate("/");
  await vi.waitFor(() => {
    expect([document.title, description()]).toEqual([texts.blogName, texts.description]);
  });
});

test("the chosen colours stay chosen, and the system's come back", () => {
  open("/");
  const select = find("select") as HTMLSelectElement;
  const choose = (name: string) => {
    select.value = name;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  choose("dark");
  expect([document.documentElement.dataset.theme, lasting.getItem("theme")]).toEqual([
    "dark",
    "dark",
  ]);
  choose("system");
  expect([document.documentElement.dataset.theme, lasting.length]).toEqual([undefined, 0]);
});
