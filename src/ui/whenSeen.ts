/** Attachment: calls `act` whenever the element comes near the part of its scrolling list that is seen. */
export function whenSeen(act: () => void): (element: HTMLElement) => () => void {
  return (element) => {
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        act();
        // Where what has come is not enough to push it out of sight, it is looked at again.
        observer.unobserve(element);
        observer.observe(element);
      },
      { rootMargin: '400px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  };
}
