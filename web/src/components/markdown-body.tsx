// A post's body, laid out once the code for it has come.

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { texts } from "../texts";

type Render = typeof import("../markdown").renderMarkdown;

interface Props {
  body: string;
  title: string;
}

export function MarkdownBody({ body, title }: Props) {
  const [render, setRender] = useState<Render | "failed" | null>(null);
  useEffect(() => {
    import("../markdown").then(
      (module) => {
        setRender(() => module.renderMarkdown);
      },
      () => {
        setRender("failed");
      },
    );
  }, []);
  if (render === "failed") return <Plain body={body} />;
  return render && <LaidOut render={render} body={body} title={title} />;
}

function LaidOut({ render, body, title }: Props & { render: Render }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    place.current?.replaceChildren(render(body, title));
  }, [render, body, title]);
  return <div className="prose" ref={place} dir="auto" />;
}

function Plain({ body }: { body: string }) {
  return (
    <>
      <p className="hint">{texts.post.bodyFailed}</p>
      <div className="prose as-written" dir="auto">
        {body}
      </div>
    </>
  );
}
