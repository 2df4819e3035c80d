// A post in the list.

import type { ListedPost, Post } from "../api";
import { postPath } from "../router";
import { texts } from "../texts";
import { Link } from "./link";
import { OnItsWay } from "./on-its-way";
import { When } from "./when";

interface Props {
  post: ListedPost;
  /** Given while this tab has written the post and the read model does not show it yet. */
  onArrived: ((post: Post) => void) | null;
}

/** One card before and after the post's arrival, so that the keyboard may rest on its link meanwhile. */
export function PostCard({ post, onArrived }: Props) {
  return (
    <article className={onArrived ? "card own" : "card"}>
      <h2 dir="auto">
        <Link to={postPath(post.id)}>{post.title}</Link>
      </h2>
      {onArrived ? <OnItsWay id={post.id} onArrived={onArrived} /> : <Summary post={post} />}
    </article>
  );
}

function Summary({ post }: { post: ListedPost }) {
  const { comments, noComments } = texts.list;
  return (
    <>
      {post.excerpt && <p dir="auto">{post.excerpt}</p>}
      <p className="meta">
        <When iso={post.createdAt} />
        <span>{post.commentCount === 0 ? noComments : comments(post.commentCount)}</span>
      </p>
    </>
  );
}
