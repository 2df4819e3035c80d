// Writing a comment.

import { type FormEvent, useCallback, useState } from "react";
import type { Comment, CommentDraft } from "../api";
import { type ApiError, isAbsent } from "../errors";
import { useServices } from "../services";
import { notYet } from "../submit";
import { texts } from "../texts";
import { useFaultFocus } from "../use-fault-focus";
import { useSubmit } from "../use-submit";
import { Failure, faultsOf } from "./failure";
import { Field } from "./field";

const FIELDS = ["content", "author"];

interface Props {
  postId: string;
  onWritten: (comment: Comment) => void;
}

export function CommentForm({ postId, onWritten }: Props) {
  const { api } = useServices();
  const [content, setContent] = useState("");
  const [author, setAuthor] = useState("");
  const send = useCallback(
    (draft: CommentDraft, key: string) => api.createComment(postId, draft, { key }),
    [api, postId],
  );
  const { sending, error, submit } = useSubmit(send, (comment) => {
    setContent("");
    onWritten(comment);
  });
  const form = useFaultFocus(error);

  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!sending) void submit({ content, author: author.trim() || null });
  };

  const words = texts.writeComment;
  return (
    <form
      ref={form}
      className="write"
      aria-labelledby="write-comment"
      noValidate
      onSubmit={onSubmit}
    >
      <h3 id="write-comment">{words.heading}</h3>
      <Field
        name="content"
        label={words.content}
        value={content}
        onValue={setContent}
        readOnly={sending}
        faults={faultsOf(error, "content")}
        hint={words.hint}
        rows={4}
        required
      />
      <Field
        name="author"
        label={words.author}
        value={author}
        onValue={setAuthor}
        faults={faultsOf(error, "author")}
        autoComplete="name"
      />
      {error !== null && <Failure error={error} says={knownBetter(error)} fields={FIELDS} />}
      <button className="primary" type="submit" aria-disabled={sending}>
        {sending ? words.sending : words.submit}
      </button>
    </form>
  );
}

function knownBetter(error: ApiError): string | null {
  if (!isAbsent(error)) return null;
  return notYet(error) === null ? texts.writeComment.postGone : texts.writeComment.postNotArrived;
}
