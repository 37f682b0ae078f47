/** What `read` makes of the command line. Prints `usage` and leaves where that is asked for, or where `read` throws. */
export function argumentsOrUsage<T>(read: () => T, usage: string): T {
  if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return read();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
