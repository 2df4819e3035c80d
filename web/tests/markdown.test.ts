// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { renderMarkdown } from "../src/markdown";

function rendered(body: string, title = "The title"): HTMLElement {
  const place = document.createElement("div");
  place.append(renderMarkdown(body, title));
  return place;
}

test("Markdown becomes elements", () => {
  const html = rendered("## Two\n\nA *word*, `code` and [a link](https://example.org/).").innerHTML;
  expect(html).toContain('<h2 id="user-content-two" dir="auto">Two</h2>');
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

test("the page's title stays the only heading of its level, and no level is left out", () => {
  const levels = (body: string) =>
    Array.from(rendered(body).children, ({ tagName }) => tagName).join(" ");
  expect(levels("# One\n\n## Two\n\n###### Six")).toBe("H2 H3 H4");
  expect(levels("#### Four\n\n##### Five\n\n#### Four")).toBe("H2 H3 H2");
  expect(levels("# The title\n\n## Two\n\n### Three")).toBe("H2 H3");
});

test("a link within the text leads to its heading, also where two are called the same", () => {
  const place = rendered("[down](#the-end-2)\n\n## The *end*, 2!\n\n## The end 2");
  const target = place.querySelector("a")?.getAttribute("href")?.slice(1);
  const ids = Array.from(place.querySelectorAll("h2"), ({ id }) => id);
  expect(ids).toEqual(["user-content-the-end-2", "user-content-the-end-2-1"]);
  expect(target).toBe(ids[0]);
});

test.each(["../docs/x.md", "images/x", "/docs/x", "x.md", "?q", "/api/posts", "posts/p"])(
  "a link to %s, which leads nowhere from here, is plain text",
  (address) => {
    const place = rendered(`see [the *docs*](${address})`);
    expect(place.querySelector("a")).toBeNull();
    expect(place.querySelector("em")?.textContent).toBe("docs");
  },
);

test.each(["https://example.org/", "mailto:a@example.org", "/posts/p", "/"])(
  "a link to %s stays one",
  (address) => {
    expect(rendered(`[x](${address})`).querySelector("a")?.getAttribute("href")).toBe(address);
  },
);

test("a picture that is not here is not asked for: its words stand in its place", () => {
  const place = rendered("![A cat](./images/cat.png)");
  expect(place.querySelector("img")).toBeNull();
  expect(place.querySelector(".missing")?.textContent).toBe("A cat");
});

test("a picture that does not come leaves its words", () => {
  const place = rendered("![A cat](https://example.org/cat.png)");
  place.querySelector("img")?.dispatchEvent(new Event("error"));
  expect(place.querySelector(".missing.framed")?.textContent).toBe("A cat");
});

test("a picture of its own keeps a place; one within a line, or whose size is told, does not", () => {
  const framed = (body: string) => rendered(body).querySelector("img")?.className === "framed";
  expect(framed("![A cat](https://example.org/cat.png)")).toBe(true);
  expect(framed("Look: ![A cat](https://example.org/cat.png)")).toBe(false);
  expect(framed('<img src="https://example.org/cat.png" width="3" height="4">')).toBe(false);
});

test("an embedded page becomes a link to it", () => {
  const place = rendered('<iframe src="https://video.example/x"></iframe><iframe></iframe>');
  expect(place.querySelector("iframe")).toBeNull();
  expect(place.querySelector("a")?.href).toBe("https://video.example/x");
  expect(place.textContent).toContain("video.example");
});

test("an aside stands apart, with its title and its Markdown", () => {
  const place = rendered('!!! note "Well, *now*"\n    Some **text**\n\n    more\n\nAfter');
  const aside = place.querySelector("blockquote");
  expect(aside?.querySelector("strong")?.textContent).toBe("Well, now");
  expect(aside?.querySelectorAll("p")).toHaveLength(3);
  expect(place.lastElementChild?.textContent).toBe("After");
  expect(rendered("!!! warning\n    x").querySelector("strong")?.textContent).toBe("Warning");
});

test("attributes for another renderer are not shown, braces in code and text are", () => {
  const place = rendered('[a](https://x.example/){:target="_blank"} and {b} and `{:c}`');
  expect(place.textContent.trim()).toBe("a and {b} and {:c}");
});

test("code is coloured by its language, and its text stays the same", async () => {
  const code = 'func main() { fmt.Println("<b>&amp;") }\n';
  const place = rendered(`\`\`\`golang\n${code}\`\`\``);
  await vi.waitFor(() => {
    expect(place.querySelector(".hljs-keyword")?.textContent).toBe("func");
  }, 5000);
  expect(place.querySelector("code")?.textContent).toBe(code);
  expect(place.querySelector("b")).toBeNull();
});

test("of what raw HTML brings, only the language of code stays as a class", () => {
  const place = rendered(
    '<pre><code class="language-none x"></code></pre><code class="skip">a</code>' +
      '<p data-x="1" aria-label="x" role="alert">b</p>',
  );
  const names = [...place.querySelectorAll("code, p")].flatMap((e) => e.getAttributeNames());
  expect(names.filter((name) => name !== "dir")).toEqual([]);
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
