// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { Problem } from "../src/errors";
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
  signedIn,
  tab,
  type,
  writing,
} from "./driving";
import { comment, post } from "./fake-blog";

test("an empty blog invites to write, and where writing is open no token is asked for", async () => {
  open("/");
  await shows(texts.list.emptyText);
  press(texts.list.first);
  await type("title", "Hello");
  expect(document.querySelector("[name=token]")).toBeNull();
  expect(tab.getItem("author-token")).toBe("");
});

test("the controls of the author are hidden until the token has been taken", async () => {
  blog.token = "secret";
  blog.arrive(post("p"), [comment("c1")]);
  open("/posts/p");
  await shows(texts.comments.othersPending);
  expect(document.body.textContent).not.toContain(texts.post.edit);
  expect(document.body.textContent).not.toContain(texts.comments.approve);
  press(texts.author.signIn);
  await type("token", "wrong");
  find("dialog form .primary").click();
  await shows(texts.author.wrong);
  await type("token", "secret");
  find("dialog form .primary").click();
  await offers(texts.post.edit);
  await offers(texts.comments.approve);
  press(texts.author.signOut);
  await vi.waitFor(() => {
    expect(document.body.textContent).not.toContain(texts.post.edit);
  });
  expect([tab.length, lasting.length]).toEqual([0, 0]);
});

test("a post just written is on its way until the read model has it", async () => {
  await writing("Hello");
  send();
  await shows(texts.post.onItsWay);
  expect(find(".card a").getAttribute("href")).toBe("/posts/p1");
  blog.arrive(post("p1", { title: "Hello", body: "The text" }));
  await shows("The text");
  await vi.waitFor(() => {
    expect(document.querySelector(".mark")).toBeNull();
  });
  expect(lasting.length).toBe(0);
});

test("a post that was read stays in the list while a cache gives out one without it", async () => {
  blog.oldList = true;
  await writing("Hello");
  send();
  await shows(texts.post.onItsWay);
  const before = blog.listsAsked;
  blog.arrive(post("p1", { title: "Hello", body: "The text" }));
  await vi.waitFor(() => {
    expect(document.querySelector(".mark")).toBeNull();
    expect(blog.listsAsked).toBeGreaterThan(before);
  });
  await vi.waitFor(() => {
    expect(find(".card a").textContent).toBe("Hello");
  });
  blog.oldList = false;
  blog.readable.clear();
  await shows(texts.list.emptyHeading);
});

test("a post that is changed is shown as it was written until the read model has that", async () => {
  blog.arrive(post("p", { title: "Before" }));
  await signedIn("/posts/p");
  await vi.waitFor(() => {
    press(texts.post.edit);
  });
  await type("title", "After");
  send();
  await shows(texts.post.onItsWay);
  expect(find("h1").textContent).toBe("After");
  blog.arrive(post("p", { title: "After", version: 2 }));
  await vi.waitFor(() => {
    expect(document.querySelector(".mark")).toBeNull();
  }, 3000);
});

test("deleting asks first, and a list that was read too early does not bring the post back", async () => {
  blog.arrive(post("p", { title: "Doomed" }));
  await signedIn("/posts/p");
  await vi.waitFor(() => {
    press(texts.post.delete);
  });
  await shows(texts.post.deleteText("Doomed"));
  press(texts.post.deleteKeep);
  expect(blog.deleted).toEqual([]);
  press(texts.post.delete);
  await shows(texts.post.deleteText("Doomed"));
  press(texts.post.deleteConfirm);
  await shows(texts.list.goingAway);
  expect(blog.deleted).toEqual(["p"]);
  expect(document.body.textContent).not.toContain("Doomed");
  blog.readable.delete("p");
  await vi.waitFor(() => {
    expect(document.body.textContent).not.toContain(texts.list.goingAway);
  }, 3000);
});

test("what the author decides shows at once, and as on its way until the read model has it", async () => {
  const approved = { author: "Ada", content: "Nice", status: "approved", version: 2 } as const;
  blog.arrive(post("p"), [comment("c1", approved)]);
  await signedIn("/posts/p");
  await vi.waitFor(() => {
    press(texts.comments.rejectWhich("Ada"));
  });
  await shows(texts.comments.rejecting);
  blog.arrive(post("p"), [comment("c1", { status: "rejected", reason: "author", version: 3 })]);
  await shows(texts.comments.reason("author"));
  await vi.waitFor(() => {
    expect(document.body.textContent).not.toContain(texts.comments.rejecting);
  }, 3000);
});

test("what is wrong with a field stands at it, and what has no field stands above the button", async () => {
  const faults = [
    { field: "title", detail: "too dull" },
    { field: "", detail: "not an object" },
  ];
  blog.failures.push(new Problem(422, "Not valid.", faults));
  await writing("Hello");
  send();
  await shows("too dull");
  const title = find("[name=title]");
  expect(title.getAttribute("aria-invalid")).toBe("true");
  const described = title.getAttribute("aria-describedby") ?? "";
  expect(document.getElementById(described)?.textContent).toBe("too dull");
  expect(find(".failure").textContent).toContain("not an object");
  expect(field("title").value).toBe("Hello");
});

test("a token that is not taken any more costs no text, and the key stays the same", async () => {
  await writing("Hello");
  blog.token = "secret";
  blog.failures.push(new Problem(401, "A token is needed."));
  send();
  await shows(texts.author.refused);
  find(".failure button").click();
  await type("token", "secret");
  find("dialog[open] form .primary").click();
  await shows(texts.post.onItsWay);
  expect(blog.written.map(({ token }) => token)).toEqual(["", "secret"]);
  expect(blog.written[0]?.key).toBe(blog.written[1]?.key);
});

test("a draft is found again after the tab was closed", async () => {
  await writing("Half a title");
  closeTab();
  open("/");
  await offers(texts.author.signIn);
  press(texts.author.signIn);
  await vi.waitFor(() => {
    expect(field("title").value).toBe("Half a title");
  }, 3000);
});

test("a draft is discarded only when that was meant", async () => {
  await writing("Half a title");
  await offers(texts.draft.discard);
  press(texts.draft.discard);
  await shows(texts.draft.discardText);
  press(texts.draft.discardKeep);
  expect(field("title").value).toBe("Half a title");
  press(texts.draft.discard);
  await shows(texts.draft.discardText);
  press(texts.draft.discardConfirm);
  await vi.waitFor(() => {
    expect(field("title").value).toBe("");
  });
});

test("the preview shows the post as it will look", async () => {
  await writing("Hello");
  await type("body", "A **bold** word");
  press(texts.writePost.preview);
  await vi.waitFor(() => {
    expect(find(".preview strong").textContent).toBe("bold");
  }, 3000);
});
