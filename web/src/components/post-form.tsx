// Writing a post.

import { type FormEvent, useCallback, useState } from "react";
import type { PostDraft, WrittenPost } from "../api";
import { type ApiError, Problem } from "../errors";
import { useServices } from "../services";
import { texts } from "../texts";
import { useFaultFocus } from "../use-fault-focus";
import { useSubmit } from "../use-submit";
import { Failure, faultsOf } from "./failure";
import { Field } from "./field";

const FIELDS = ["title", "body"];

interface Props {
  onWritten: (post: WrittenPost) => void;
}

export function PostForm({ onWritten }: Props) {
  const { api, token } = useServices();
  const [title, setTitle] = useState("");
  const [body, setBody] = useState("");
  const [typedToken, setTypedToken] = useState("");
  const send = useCallback(
    (draft: PostDraft, key: string) => api.createPost(draft, { key, token: token.get() }),
    [api, token],
  );
  // Once asked for, the token's field stays until the post is written.
  const [asksToken, setAsksToken] = useState(false);
  const { sending, error, submit } = useSubmit(send, (post) => {
    setTitle("");
    setBody("");
    setTypedToken("");
    setAsksToken(false);
    onWritten(post);
  });
  if (isRefused(error) && !asksToken) setAsksToken(true);
  const form = useFaultFocus(error);

  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (sending) return;
    if (typedToken.trim()) token.keep(typedToken.trim());
    void submit({ title, body });
  };

  const words = texts.writePost;
  return (
    <form ref={form} className="write" aria-label={words.heading} noValidate onSubmit={onSubmit}>
      <Field
        name="title"
        label={words.title}
        value={title}
        onValue={setTitle}
        readOnly={sending}
        faults={faultsOf(error, "title")}
        required
        autoComplete="off"
      />
      <Field
        name="body"
        label={words.body}
        value={body}
        onValue={setBody}
        readOnly={sending}
        faults={faultsOf(error, "body")}
        hint={words.bodyHint}
        rows={10}
      />
      {asksToken && (
        <Field
          name="token"
          label={words.token}
          value={typedToken}
          onValue={setTypedToken}
          faults={isRefused(error) ? [refusal(typedToken)] : []}
          secret
          autoComplete="off"
        />
      )}
      {error !== null && !isRefused(error) && <Failure error={error} fields={FIELDS} />}
      <button className="primary" type="submit" aria-disabled={sending}>
        {sending ? words.sending : words.submit}
      </button>
    </form>
  );
}

function isRefused(error: ApiError | null): boolean {
  return error instanceof Problem && error.status === 401;
}

function refusal(typedToken: string): string {
  return typedToken === "" ? texts.writePost.tokenNeeded : texts.writePost.tokenWrong;
}
