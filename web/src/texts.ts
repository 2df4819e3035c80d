// Every word that the page itself says, in one place to translate; `<html lang>` names its language.

const number = (value: number) => value.toLocaleString("en");
const count = (value: number, one: string, many: string) =>
  `${number(value)} ${value === 1 ? one : many}`;

export const texts = {
  blogName: "Sleeping Blog",
  tagline: "It sleeps until somebody reads or writes.",
  description:
    "A blog that sleeps until somebody reads or writes. Read the posts, leave a comment.",
  skip: "Skip to the content",
  feed: "Feed",
  licenses: "Licenses",
  home: "All posts",

  theme: {
    label: "Colours",
    names: { system: "As the system", light: "Light", dark: "Dark" },
  },

  author: {
    signIn: "Sign in",
    signOut: "Sign out",
    heading: "Sign in as the author",
    text: "This tab remembers the token until it is closed.",
    token: "Author’s token",
    wrong: "That token was not taken. Look at it again.",
    away: "The service did not answer. Try again in a moment.",
    cancel: "Cancel",
    signedIn: "You are signed in as the author.",
    open: "Writing is open on this blog, so no token is needed.",
    signedOut: "You are signed out.",
    refused: "The token is not taken any more. Sign in again; your text stays here.",
  },

  list: {
    heading: "Posts",
    older: "Older posts",
    olderFailed: "The older posts did not come.",
    emptyHeading: "Nothing here yet",
    emptyText: "Every blog starts with one post. Write the first one: a title is enough.",
    first: "Write the first post",
    goingAway: "A post is being deleted.",
    goingAwayText: "Other readers may see it for a moment yet.",
    comments: (comments: number) => count(comments, "comment", "comments"),
    noComments: "No comments yet",
  },

  post: {
    updated: "changed",
    onItsWay: "On its way",
    onItsWayText: "It is saved. Other readers see it in a moment.",
    late: "Taking longer than usual",
    lateText: "It is saved, and other readers will see it once its event has arrived.",
    arrived: "Other readers see it now.",
    edit: "Edit",
    delete: "Delete",
    deleteHeading: "Delete this post for ever?",
    deleteText: (title: string) =>
      `“${title}” and all its comments will be gone. This cannot be undone.`,
    deleteConfirm: "Delete it",
    deleteKeep: "Keep it",
    deleted: "The post is deleted.",
    deleteFailed: "It could not be deleted. Try again in a moment.",
    pictureMissing: "A picture that is not here",
    embedded: (host: string) => `See it on ${host}`,
    bodyFailed: "The text could not be laid out, so here it is as it was written.",
  },

  comments: {
    heading: "Comments",
    none: "No comments yet. Yours can be the first.",
    more: "More comments",
    moreFailed: "The other comments did not come.",
    anonymous: "Somebody",
    pending: "Awaiting moderation",
    othersPending: "A comment is awaiting moderation.",
    rejected: "Rejected",
    othersRejected: "A comment was rejected.",
    onlyYou: "Only you still see its text.",
    approvedNews: "Your comment was approved.",
    rejectedNews: "Your comment was rejected.",
    late: "Still awaiting moderation. Look again later; nothing is lost.",
    approve: "Approve",
    reject: "Reject",
    approveWhich: (name: string) => `Approve the comment by ${name}`,
    rejectWhich: (name: string) => `Reject the comment by ${name}`,
    approving: "Approved, on its way",
    rejecting: "Rejected, on its way",
    decisionFailed: "That could not be done. Try again in a moment.",
    reason: (category: string | null) => {
      if (category === "word-list") return "It holds a word from the blog’s word list.";
      if (category === "author") return "The blog’s author decided so.";
      return category === null ? "No reason was given." : `The reason is “${category}”.`;
    },
  },

  writePost: {
    open: "Write a post",
    heading: "A new post",
    edit: "Edit the post",
    title: "Title",
    body: "Text",
    bodyHint: "Markdown works: # heading, *emphasis*, [link](https://…), ``` for code.",
    preview: "Preview",
    write: "Write",
    nothingToPreview: "There is nothing to show yet.",
    submit: "Publish",
    save: "Save",
    sending: "On its way…",
    close: "Close",
  },

  writeComment: {
    heading: "Leave a comment",
    content: "Comment",
    author: "Your name (optional)",
    submit: "Send comment",
    sending: "On its way…",
    hint: "It is looked at before others can read it. That takes a moment.",
    postNotArrived: "The post has not reached the comments yet. Try again in a moment.",
    postGone: "This post is gone, so it takes no more comments.",
  },

  draft: {
    kept: "This draft is kept in this browser.",
    discard: "Discard the draft",
    discardHeading: "Discard this draft?",
    discardText: "What you have written here will be gone.",
    discardConfirm: "Discard it",
    discardKeep: "Keep it",
  },

  faults: {
    missing: "This must not be empty.",
    tooLong: (over: number, most: number) =>
      `This is ${count(over, "character", "characters")} too long: at most ${number(most)} fit.`,
    tooManyBytes: (over: number) => `This is ${count(over, "byte", "bytes")} too long.`,
    unstorable: "There is a character in this that cannot be kept. Paste it again as plain text.",
  },

  failed: {
    waiting:
      "The service does not answer. Your text is safe here and is sent again by itself, only once.",
    busy: "The service has too much to do just now. Your text is sent again by itself, only once.",
    tryNow: "Try now",
    stop: "Stop trying",
    away: "The service did not answer. Your text is still here.",
    faults: "Something is not right yet: look at the marked fields.",
    other: "That did not work.",
  },

  notFound: {
    heading: "There is nothing here",
    text: "The post may have been deleted, or the address may be wrong. A post that was written just now may still be on its way.",
    again: "Look again",
  },

  away: {
    heading: "The service is away",
    text: "The blog did not answer. It may be waking up, or the connection may be gone. This page looks again by itself.",
    again: "Try again",
  },

  loading: "Loading…",
} as const;
