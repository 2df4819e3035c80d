// The field for a post's Markdown, and how it will look.

import { type ComponentProps, useState } from "react";
import { texts } from "../texts";
import { useMarkdown } from "../use-markdown";
import { Field } from "./field";
import { MarkdownBody } from "./markdown-body";

type Props = Omit<ComponentProps<typeof Field>, "label" | "hint" | "rows"> & { title: string };

export function MarkdownField({ title, ...field }: Props) {
  const [previewing, setPreviewing] = useState(false);
  const { body, bodyHint, preview, write } = texts.writePost;
  return (
    <>
      <button type="button" className="quiet toggle" onClick={() => setPreviewing(!previewing)}>
        {previewing ? write : preview}
      </button>
      {previewing && <Preview body={field.value} title={title} />}
      {/* Hidden, not gone: the cursor, and what the browser would undo, stay. */}
      <div hidden={previewing}>
        <Field {...field} label={body} hint={bodyHint} rows={10} />
      </div>
    </>
  );
}

function Preview({ body, title }: { body: string; title: string }) {
  const markdown = useMarkdown();
  return (
    <section className="preview" aria-label={texts.writePost.preview}>
      {body.trim() === "" && <p className="hint">{texts.writePost.nothingToPreview}</p>}
      <MarkdownBody markdown={markdown} body={body} title={title} />
    </section>
  );
}
