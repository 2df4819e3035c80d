// One post with its comments.

import { type ReactNode, useCallback, useState } from "react";
import type { Post } from "../api";
import { texts } from "../texts";
import { usePost } from "../use-post";
import { useTitle } from "../use-title";
import { Comments } from "./comments";
import { Mark } from "./mark";
import { MarkdownBody } from "./markdown-body";
import { Away, Loading, NotFound } from "./notice";
import { PostWatch } from "./watch";
import { When } from "./when";

export function PostPage({ id }: { id: string }) {
  const { state, again, arrived } = usePost(id);
  if (state.phase === "loading") return <Loading />;
  if (state.phase === "absent") return <NotFound onAgain={again} />;
  if (state.phase === "failed") return <Away onAgain={again} />;
  return (
    <>
      <Article post={state.post}>
        {state.phase === "on its way" && <OnItsWay id={id} onArrived={arrived} />}
      </Article>
      <Comments post={state.post} />
    </>
  );
}

function Article({ post, children }: { post: Post; children: ReactNode }) {
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
      <MarkdownBody body={post.body} title={post.title} />
    </article>
  );
}

function OnItsWay({ id, onArrived }: { id: string; onArrived: (post: Post) => void }) {
  const [late, setLate] = useState(false);
  const onLate = useCallback(() => {
    setLate(true);
  }, []);
  const { onItsWay, onItsWayText, late: lateMark, lateText } = texts.post;
  return (
    <p className="meta" role="status">
      <Mark kind={late ? "late" : "waiting"} text={late ? lateMark : onItsWay} />
      <span>{late ? lateText : onItsWayText}</span>
      <PostWatch id={id} onArrived={onArrived} onLate={onLate} />
    </p>
  );
}
