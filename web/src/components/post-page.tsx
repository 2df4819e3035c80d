// One post with its comments.

import type { ReactNode } from "react";
import type { Post } from "../api";
import { texts } from "../texts";
import { type Markdown, useMarkdown } from "../use-markdown";
import { usePost } from "../use-post";
import { useTitle } from "../use-title";
import { Comments } from "./comments";
import { MarkdownBody } from "./markdown-body";
import { Away, Loading, NotFound } from "./notice";
import { OnItsWay } from "./on-its-way";
import { When } from "./when";

export function PostPage({ id }: { id: string }) {
  const { state, again, arrived } = usePost(id);
  const markdown = useMarkdown();
  if (state.phase === "loading") return <Loading />;
  if (state.phase === "absent") return <NotFound onAgain={again} />;
  if (state.phase === "failed") return <Away onAgain={again} />;
  return (
    <>
      <Article post={state.post} markdown={markdown}>
        {state.phase === "on its way" && <OnItsWay id={id} onArrived={arrived} />}
      </Article>
      <Comments post={state.post} />
    </>
  );
}

interface ArticleProps {
  post: Post;
  markdown: Markdown;
  children: ReactNode;
}

function Article({ post, markdown, children }: ArticleProps) {
  useTitle(post.title);
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
        </p>
        {children}
      </header>
      <MarkdownBody markdown={markdown} body={post.body} title={post.title} />
    </article>
  );
}
