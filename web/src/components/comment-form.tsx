// Writing a comment.

import type { Comment } from "../api";
import { type ApiError, isAbsent } from "../errors";
import { commentFaults, trimmed } from "../rules";
import { useServices } from "../services";
import { notYet } from "../submit";
import { texts } from "../texts";
import { useForm } from "../use-form";
import { Field } from "./field";
import { FormStatus } from "./form-status";

interface Props {
  postId: string;
  onWritten: (comment: Comment) => void;
}

interface Values {
  content: string;
  author: string;
}

export function CommentForm({ postId, onWritten }: Props) {
  const { api, drafts, name } = useServices();
  const view = useForm<Values, Comment>({
    draft: drafts(`comment:${postId}`),
    initial: () => ({ content: "", author: name.get() ?? "" }),
    check: commentFaults,
    send: ({ content, author }, key) => {
      const signature = trimmed(author) || null;
      name.set(signature); // for the next comment, here or on another post
      return api.createComment(postId, { content, author: signature }, { key });
    },
    onDone: onWritten,
  });
  const { place, busy, field, onSubmit } = view;
  const words = texts.writeComment;
  return (
    <form
      ref={place}
      className="write"
      aria-labelledby="write-comment"
      noValidate
      onSubmit={onSubmit}
    >
      <h3 id="write-comment">{words.heading}</h3>
      <Field {...field("content")} label={words.content} hint={words.hint} rows={4} required />
      <Field {...field("author")} label={words.author} autoComplete="name" />
      <FormStatus view={view} says={knownBetter} />
      <button className="primary" type="submit" aria-disabled={busy}>
        {busy ? words.sending : words.submit}
      </button>
    </form>
  );
}

function knownBetter(error: ApiError): string | null {
  if (!isAbsent(error)) return null;
  return notYet(error) === null ? texts.writeComment.postGone : texts.writeComment.postNotArrived;
}
