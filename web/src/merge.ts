// What the reader sees: the read model's answer joined with what this tab has just written.

import type { Comment, ListedPost, WrittenPost } from "./api";

/** Comments as read, with own texts filled in where a reader gets none, and own ones not read yet. */
export interface Joined {
  read: Comment[];
  /** Not on any page loaded so far: on their way, or further down than the reader has come. */
  own: Comment[];
}

export function joinComments(read: readonly Comment[], own: readonly Comment[]): Joined {
  const mine = new Map(own.map((comment) => [comment.id, comment]));
  const known = new Set(read.map((comment) => comment.id));
  return {
    read: uniqueById(read).map((comment) => withOwnText(comment, mine.get(comment.id))),
    own: own.filter((comment) => !known.has(comment.id)),
  };
}

/** The later of two states of one comment, with the text that only its writer has kept. */
export function withOwnText(read: Comment, own: Comment | undefined): Comment {
  if (own === undefined) return read;
  const latest = read.version >= own.version ? read : own;
  return { ...latest, author: read.author ?? own.author, content: read.content ?? own.content };
}

/** Posts of several pages and of a later look at the first one: each once, newest first. */
export function joinPosts(
  known: readonly ListedPost[],
  fresh: readonly ListedPost[],
): ListedPost[] {
  const posts = new Map([...known, ...fresh].map((post) => [post.id, post]));
  return [...posts.values()].sort(newestFirst);
}

function newestFirst(a: ListedPost, b: ListedPost): number {
  return compare(b.createdAt, a.createdAt) || compare(b.id, a.id);
}

/** By code unit, as the API orders; a locale's order would differ. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function uniqueById(comments: readonly Comment[]): Comment[] {
  return [...new Map(comments.map((comment) => [comment.id, comment])).values()];
}

const EXCERPT_LENGTH = 280;

/** A list entry for a post that the read model does not list yet. */
export function listed(post: WrittenPost): ListedPost {
  const { body, ...head } = post;
  const plain = Array.from(body.replace(/\s+/g, " ").trim());
  const excerpt = plain.slice(0, EXCERPT_LENGTH).join("");
  return { ...head, excerpt, commentCount: 0 };
}

/** How many own comments were approved after the read model's answer was made. */
export function approvedSince(read: readonly Comment[], own: readonly Comment[]): number {
  const counted = new Set(
    read.filter((comment) => comment.status === "approved").map(({ id }) => id),
  );
  return own.filter(({ id, status }) => status === "approved" && !counted.has(id)).length;
}
