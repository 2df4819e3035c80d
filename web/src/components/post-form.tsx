// Writing a post, a new one or another version of one.

import type { PostDraft, WrittenPost } from "../api";
import { type ApiError, Problem } from "../errors";
import { postFaults } from "../rules";
import { useServices } from "../services";
import { texts } from "../texts";
import { type FormView, useForm } from "../use-form";
import { DraftBar } from "./draft-bar";
import { Field } from "./field";
import { FormStatus } from "./form-status";
import { MarkdownField } from "./markdown-field";
import { useSignIn } from "./sign-in";

interface Props {
  /** The post to change; without one a new one is written. */
  post?: WrittenPost;
  onWritten: (post: WrittenPost) => void;
}

export function PostForm({ post, onWritten }: Props) {
  const { api, token, drafts } = useServices();
  const view = useForm<PostDraft, WrittenPost>({
    draft: drafts(post ? `post:${post.id}` : NEW_POST),
    initial: () => ({ title: post?.title ?? "", body: post?.body ?? "" }),
    check: postFaults,
    send: (values, key) =>
      post
        ? api.updatePost(post.id, values, token.get() ?? "")
        : api.createPost(values, { key, token: token.get() ?? "" }),
    onDone: onWritten,
  });
  return <PostFields view={view} words={post ? EDIT : NEW} />;
}

export const NEW_POST = "post:new";
const NEW = { heading: texts.writePost.heading, submit: texts.writePost.submit };
const EDIT = { heading: texts.writePost.edit, submit: texts.writePost.save };

interface FieldsProps {
  view: FormView<PostDraft, WrittenPost>;
  words: { heading: string; submit: string };
}

function PostFields({ view, words }: FieldsProps) {
  const { form, place, busy, field, onSubmit } = view;
  const { begin, dialog } = useSignIn(() => void form.submit());
  const signInAgain = (error: ApiError) =>
    error instanceof Problem && error.status === 401 ? <SignInAgain onSignIn={begin} /> : null;

  return (
    <>
      <form ref={place} className="write" aria-label={words.heading} noValidate onSubmit={onSubmit}>
        <Field {...field("title")} label={texts.writePost.title} required autoComplete="off" />
        <MarkdownField {...field("body")} title={view.values.title} />
        <FormStatus view={view} says={signInAgain} />
        <button className="primary" type="submit" aria-disabled={busy}>
          {busy ? texts.writePost.sending : words.submit}
        </button>
        {view.changed && !busy && <DraftBar onDiscard={form.discard} />}
      </form>
      {dialog}
    </>
  );
}

function SignInAgain({ onSignIn }: { onSignIn: () => void }) {
  return (
    <>
      {texts.author.refused}{" "}
      <button type="button" onClick={onSignIn}>
        {texts.author.signIn}
      </button>
    </>
  );
}
