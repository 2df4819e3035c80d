// @vitest-environment jsdom
import { expect, test } from "vitest";
import { renderMarkdown } from "../src/markdown";

function rendered(body: string, title = "The title"): HTMLElement {
  const place = document.createElement("div");
  place.append(renderMarkdown(body, title));
  return place;
}

test("Markdown becomes elements", () => {
  const html = rendered("## Two\n\nA *word*, `code` and [a link](https://example.org/).").innerHTML;
  expect(html).toContain('<h2 dir="auto">Two</h2>');
  expect(html).toContain("<em>word</em>");
  expect(html).toContain('<a href="https://example.org/">a link</a>');
});

test.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
  "[x](javascript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
  "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
  "<a href='java\nscript:alert(1)'>x</a>",
  "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
  "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
])("no script is left of %s", (body) => {
  const place = rendered(body);
  const forbidden =
    "script, svg, math, iframe, object, embed, form, button, base, meta, style, link";
  expect(place.querySelector(forbidden)).toBeNull();
  for (const element of place.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on/);
      expect(value).not.toMatch(/^\s*(javascript|data):/i);
    }
  }
});

test("raw HTML cannot restyle the page or take its names", () => {
  const place = rendered('<p style="position:fixed" class="skip" id="page" name="x">hello</p>');
  const text = place.querySelector("p");
  expect(text?.textContent).toBe("hello");
  expect(
    text?.getAttributeNames().filter((name) => name !== "dir" && name !== "id" && name !== "name"),
  ).toEqual([]);
  expect(text?.id).toBe("user-content-page");
});

test("a first heading that repeats the title is left out", () => {
  expect(rendered("# The  *title*\n\nText").innerHTML.trim()).toBe('<p dir="auto">Text</p>');
});

test("a later heading, or another first one, stays", () => {
  expect(rendered("# Other\n\n## The title").querySelectorAll("h2, h3")).toHaveLength(2);
});

test("the page's title stays the only heading of its level", () => {
  const place = rendered("# One\n\n## Two\n\n###### Six");
  expect(Array.from(place.children, ({ tagName }) => tagName)).toEqual(["H2", "H3", "H6"]);
});

test("headings keep their level where the body leaves the first one to the title", () => {
  expect(rendered("# The title\n\n## Two").querySelector("h2")?.textContent).toBe("Two");
});

test("wide blocks scroll by themselves and can be reached by keyboard", () => {
  const place = rendered("```\ncode\n```\n\n| a |\n| - |\n| b |");
  const boxes = [...place.querySelectorAll<HTMLElement>("div.scroll")];
  expect(boxes.map((box) => box.firstElementChild?.tagName)).toEqual(["PRE", "TABLE"]);
  expect(boxes.every((box) => box.tabIndex === 0)).toBe(true);
});

test("each block takes its direction from its own text", () => {
  const place = rendered("שלום עולם\n\nHello");
  expect([...place.querySelectorAll("p")].every((block) => block.dir === "auto")).toBe(true);
});

test("pictures load late and tell no other site where the reader is", () => {
  const picture = rendered("![A cat](https://example.org/cat.png)").querySelector("img");
  expect(picture?.getAttribute("referrerpolicy")).toBe("no-referrer");
  expect(picture?.getAttribute("loading")).toBe("lazy");
});
