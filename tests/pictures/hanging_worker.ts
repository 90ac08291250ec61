/** A pixel worker that never answers, and never lets go of its core. */
self.addEventListener("message", () => {
  for (;;);
});
