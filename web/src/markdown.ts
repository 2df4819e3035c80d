// From a post's Markdown to elements that cannot run anything. Loaded only where a post is shown.

import createPurify from "dompurify";
import { marked } from "marked";

const purify = createPurify(window);

/** Text and its structure, tables, pictures, code; nothing to fill in, to embed or to style with. */
const RULES = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "select", "textarea", "option", "dialog"],
  FORBID_ATTR: ["style", "class", "autofocus", "tabindex"],
  SANITIZE_NAMED_PROPS: true,
  RETURN_DOM_FRAGMENT: true as const,
};

/** The body as elements, to stand below a heading with `title`. */
export function renderMarkdown(body: string, title: string): DocumentFragment {
  const html = marked.parse(body, { async: false, gfm: true });
  const content = purify.sanitize(html, RULES);
  dropRepeatedTitle(content, title);
  lowerHeadings(content);
  content.querySelectorAll("p, li, h2, h3, h4, h5, h6, td, th, dt, dd").forEach(takeOwnDirection);
  content.querySelectorAll("pre, table").forEach(makeScrollable);
  content.querySelectorAll("img").forEach(loadLate);
  return content;
}

const HEADINGS = "h1, h2, h3, h4, h5, h6";

function dropRepeatedTitle(content: DocumentFragment, title: string): void {
  const first = content.querySelector(HEADINGS);
  if (first !== null && spoken(first.textContent) === spoken(title)) first.remove();
}

function spoken(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** The page's own title is the one `h1`; a body that uses that level moves down by one as a whole. */
function lowerHeadings(content: DocumentFragment): void {
  if (content.querySelector("h1") === null) return;
  for (const heading of content.querySelectorAll(HEADINGS)) {
    const level = Math.min(Number(heading.tagName.slice(1)) + 1, 6);
    const lowered = document.createElement(`h${level}`);
    lowered.append(...heading.childNodes);
    heading.replaceWith(lowered);
  }
}

/** Each block by its own first letter, so that a right-to-left paragraph may stand among others. */
function takeOwnDirection(block: Element): void {
  block.setAttribute("dir", "auto");
}

/** Wide content scrolls in a box of its own, which the keyboard can reach. */
function makeScrollable(wide: Element): void {
  const box = document.createElement("div");
  box.className = "scroll";
  box.tabIndex = 0;
  wide.replaceWith(box);
  box.append(wide);
}

function loadLate(picture: Element): void {
  picture.setAttribute("loading", "lazy");
  picture.setAttribute("referrerpolicy", "no-referrer");
}
