// A post in the list.

import type { ListedPost, Post } from "../api";
import { postPath } from "../router";
import { texts } from "../texts";
import { Link } from "./link";
import { Mark } from "./mark";
import { OnItsWay } from "./on-its-way";
import { DeletionWatch } from "./watch";
import { When } from "./when";

interface Props {
  post: ListedPost;
  /** Given while this browser has written the post and the read model does not show that yet. */
  onArrived: ((post: Post) => void) | null;
}

/** One card before and after the post's arrival, so that the keyboard may rest on its link meanwhile. */
export function PostCard({ post, onArrived }: Props) {
  const { comments, noComments } = texts.list;
  return (
    <article className={onArrived ? "card own" : "card"}>
      <h2 dir="auto">
        <Link to={postPath(post.id)}>{post.title}</Link>
      </h2>
      {post.excerpt && <p dir="auto">{post.excerpt}</p>}
      <p className="meta">
        <When iso={post.createdAt} />
        <span>{post.commentCount === 0 ? noComments : comments(post.commentCount)}</span>
        {onArrived && <OnItsWay id={post.id} version={post.version} onArrived={onArrived} />}
      </p>
    </article>
  );
}

/** Stands for a post that the author has deleted until nobody can read it any more. */
export function DeletedCard({ id, onGone }: { id: string; onGone: (id: string) => void }) {
  const { goingAway, goingAwayText } = texts.list;
  return (
    <p className="card meta">
      <Mark kind="waiting" text={goingAway} />
      <span>{goingAwayText}</span>
      <DeletionWatch id={id} onGone={onGone} />
    </p>
  );
}
