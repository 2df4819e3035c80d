// One post with its comments.

import { type ReactNode, useCallback, useState } from "react";
import type { Post, PostDraft, WrittenPost } from "../api";
import { useServices, useToken } from "../services";
import { texts } from "../texts";
import { describe, useHead } from "../use-head";
import { useMarkdown } from "../use-markdown";
import { usePost } from "../use-post";
import { AuthorBar } from "./author-bar";
import { Comments } from "./comments";
import { MarkdownBody } from "./markdown-body";
import { Away, Loading, NotFound } from "./notice";
import { OnItsWay } from "./on-its-way";
import { PostForm } from "./post-form";
import { When } from "./when";

export function PostPage({ id }: { id: string }) {
  const { state, again, written, arrived } = usePost(id);
  const markdown = useMarkdown();
  if (state.phase === "absent") return <NotFound onAgain={again} />;
  if (state.phase === "failed") return <Away onAgain={again} />;
  // All of it appears at once: nothing that is being read moves when the rest comes.
  if (state.phase === "loading" || markdown === null) return <Loading />;
  const { post, awaited } = state;
  return (
    <>
      <Article
        post={post}
        mark={awaited !== null && <OnItsWay id={id} version={awaited} onArrived={arrived} />}
        body={<MarkdownBody markdown={markdown} body={post.body} title={post.title} />}
        onWritten={written}
      />
      <Comments post={post} />
    </>
  );
}

interface ArticleProps {
  post: Post;
  mark: ReactNode;
  body: ReactNode;
  onWritten: (post: WrittenPost) => void;
}

function Article({ post, mark, body, onWritten }: ArticleProps) {
  const { drafts } = useServices();
  const signedIn = useToken() !== null;
  const [editing, setEditing] = useState(() => drafts<PostDraft>(`post:${post.id}`).get() !== null);
  useHead(post.title, describe(post.body));
  const onSaved = useCallback(
    (saved: WrittenPost) => {
      setEditing(false);
      onWritten(saved);
    },
    [onWritten],
  );
  return (
    <article className="post">
      <header>
        <h1 dir="auto">{post.title}</h1>
        <p className="meta">
          <When iso={post.createdAt} />
          {post.updatedAt !== post.createdAt && (
            <span>
              {texts.post.updated} <When iso={post.updatedAt} />
            </span>
          )}
          {mark}
        </p>
        {signedIn && <AuthorBar post={post} editing={editing} onEdit={setEditing} />}
      </header>
      {signedIn && editing ? <PostForm post={post} onWritten={onSaved} /> : body}
    </article>
  );
}
