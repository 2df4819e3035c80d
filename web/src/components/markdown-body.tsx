// A post's body, laid out once the code for it has come.

import { useLayoutEffect, useRef } from "react";
import { texts } from "../texts";
import type { Markdown } from "../use-markdown";

interface Props {
  markdown: Markdown;
  body: string;
  title: string;
}

export function MarkdownBody({ markdown, body, title }: Props) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (typeof markdown === "function") place.current?.replaceChildren(markdown(body, title));
  }, [markdown, body, title]);
  if (markdown === "failed") return <AsWritten body={body} />;
  return <div className="prose" ref={place} dir="auto" />;
}

function AsWritten({ body }: { body: string }) {
  return (
    <>
      <p className="hint">{texts.post.bodyFailed}</p>
      <div className="prose as-written" dir="auto">
        {body}
      </div>
    </>
  );
}
