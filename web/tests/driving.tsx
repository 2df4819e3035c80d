// The whole page on a blog in memory, as its tests drive it.

import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { App } from "../src/app";
import { compose } from "../src/compose";
import { navigate } from "../src/router";
import { ServicesProvider } from "../src/services";
import { memoryStorage } from "../src/storage";
import { texts } from "../src/texts";
import { FakeBlog } from "./fake-blog";

let root: ReturnType<typeof createRoot>;
export let blog: FakeBlog;
/** Outlives the tab. */
export let lasting: Storage;
export let tab: Storage;

beforeEach(() => {
  window.scrollTo = () => undefined;
  blog = new FakeBlog();
  lasting = memoryStorage();
  tab = memoryStorage();
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
  document.body.innerHTML = "<div id='page'></div>";
});

afterEach(() => {
  root.unmount();
});

export function open(path: string): void {
  navigate(path);
  root = createRoot(find("#page"));
  root.render(
    <ServicesProvider value={compose(lasting, tab, blog)}>
      <App />
    </ServicesProvider>,
  );
}

export function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`no ${selector} in ${document.body.textContent}`);
  return found;
}

export const shows = (text: string) =>
  vi.waitFor(() => {
    expect(document.body.textContent).toContain(text);
  }, 3000);

export function field(name: string): HTMLInputElement | HTMLTextAreaElement {
  return find(`[name=${name}]`) as HTMLInputElement | HTMLTextAreaElement;
}

export async function type(name: string, value: string): Promise<void> {
  const place = await vi.waitFor(() => field(name));
  place.value = value;
  place.dispatchEvent(new Event("input", { bubbles: true }));
  await vi.waitFor(() => {
    expect(field(name).value).toBe(value);
  });
}

export function send(): void {
  find("form .primary").click();
}

export function press(label: string): void {
  const buttons = [...document.querySelectorAll<HTMLElement>("button")];
  const found = buttons.find(
    (button) => (button.getAttribute("aria-label") ?? button.textContent) === label,
  );
  if (found === undefined) throw new Error(`no button ${label} in ${document.body.textContent}`);
  found.click();
}

export const offers = (label: string) =>
  vi.waitFor(() => {
    const buttons = [...document.querySelectorAll("button")];
    expect(buttons.map((button) => button.textContent)).toContain(label);
  }, 3000);

/** What the browser keeps is there when it is opened again, but for the tab's own. */
export function closeTab(): void {
  root.unmount();
  tab = memoryStorage();
}

export async function signedIn(path: string): Promise<void> {
  open(path);
  await offers(texts.author.signIn);
  press(texts.author.signIn);
  await offers(texts.author.signOut);
}

export async function writing(title: string): Promise<void> {
  await signedIn("/");
  await vi.waitFor(() => {
    press(texts.writePost.open);
  });
  await type("title", title);
}
