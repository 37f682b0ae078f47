/**
 * Runs before anything is drawn, so that who has chosen a theme or a size of text never sees another one flash up. A script
 * of its own that holds up the page: it imports nothing, and settings.svelte.ts takes over once the page has started.
 */
{
  const { dataset } = document.documentElement;
  try {
    const chosen = {
      theme: localStorage.getItem('minicpm.theme'),
      textSize: localStorage.getItem('minicpm.textSize'),
      motion: localStorage.getItem('minicpm.motion'),
    };
    for (const [name, value] of Object.entries(chosen)) if (value !== null) dataset[name] = value;
  } catch {
    // Storage is blocked: nothing was chosen for longer than a visit.
  }
}
