// What the reader sees: the read model's answer joined with what this browser has just done.

import type { Comment, ListedPost, Post, WrittenPost } from "./api";

/** Comments as read, with own texts filled in where a reader gets none, and own ones not read yet. */
export interface Joined {
  read: Comment[];
  /** Not on any page loaded so far: on their way, or further down than the reader has come. */
  own: Comment[];
}

/** `decided` are those that the author has just approved or rejected here. */
export function joinComments(
  read: readonly Comment[],
  own: readonly Comment[],
  decided: readonly Comment[] = [],
): Joined {
  const mine = byId(own);
  const decisions = byId(decided);
  const known = new Set(read.map((comment) => comment.id));
  const shown = (comment: Comment) =>
    withOwnText(later(comment, decisions.get(comment.id)), mine.get(comment.id));
  return {
    read: [...byId(read).values()].map(shown),
    own: own.filter((comment) => !known.has(comment.id)).map(shown),
  };
}

export function later(read: Comment, other: Comment | undefined): Comment {
  return other === undefined || read.version >= other.version ? read : other;
}

/** The later of two states of one comment, with the text that only its writer has kept. */
export function withOwnText(read: Comment, own: Comment | undefined): Comment {
  if (own === undefined) return read;
  const latest = later(read, own);
  return { ...latest, author: read.author ?? own.author, content: read.content ?? own.content };
}

function byId<T extends { id: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}

/** Posts of several pages and of a later look at the first one: each once, newest first. */
export function joinPosts(
  known: readonly ListedPost[],
  fresh: readonly ListedPost[],
): ListedPost[] {
  return [...byId([...known, ...fresh]).values()].sort(newestFirst);
}

export function newestFirst(a: ListedPost, b: ListedPost): number {
  return compare(b.createdAt, a.createdAt) || compare(b.id, a.id);
}

/** By code unit, as the API orders; a locale's order would differ. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The list with what this browser has written since it was read, and without what it deleted. */
export function withOwnPosts(
  read: readonly ListedPost[],
  own: readonly WrittenPost[],
  deleted: ReadonlySet<string>,
): ListedPost[] {
  const known = byId(read);
  const written = own
    .filter((post) => post.version > (known.get(post.id)?.version ?? 0))
    .map((post) => listed(post, known.get(post.id)));
  return joinPosts(read, written).filter(({ id }) => !deleted.has(id));
}

const EXCERPT_LENGTH = 280;

/** A list entry for a post that the read model does not list yet, or not as it was last written. */
export function listed(post: WrittenPost, read?: ListedPost): ListedPost {
  const { body, ...head } = post;
  const plain = Array.from(body.replace(/\s+/g, " ").trim());
  const excerpt = plain.slice(0, EXCERPT_LENGTH).join("");
  return { ...head, excerpt, commentCount: read?.commentCount ?? 0 };
}

/** A post that this browser has written, as a reader will see it; `read` is an older state. */
export function unread(post: WrittenPost, read?: Post): Post {
  return { commentCount: 0, comments: [], nextComments: null, ...read, ...post };
}

/** By how many the joined list has more approved comments than the one that was read. */
export function approvedSince(read: readonly Comment[], joined: Joined): number {
  return approved(joined.read) + approved(joined.own) - approved([...byId(read).values()]);
}

function approved(comments: readonly Comment[]): number {
  return comments.filter(({ status }) => status === "approved").length;
}
