const pad = (value: number): string => String(value).padStart(2, '0');

const name = (date: Date, part: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-US', part).format(date);

/** Python's strftime directives that dates in prompts use, in local time and the C locale. */
const DIRECTIVES: Record<string, (date: Date) => string> = {
  '%Y': (date) => String(date.getFullYear()),
  '%y': (date) => pad(date.getFullYear() % 100),
  '%m': (date) => pad(date.getMonth() + 1),
  '%d': (date) => pad(date.getDate()),
  '%H': (date) => pad(date.getHours()),
  '%I': (date) => pad(date.getHours() % 12 || 12),
  '%M': (date) => pad(date.getMinutes()),
  '%S': (date) => pad(date.getSeconds()),
  '%p': (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  '%B': (date) => name(date, { month: 'long' }),
  '%b': (date) => name(date, { month: 'short' }),
  '%A': (date) => name(date, { weekday: 'long' }),
  '%a': (date) => name(date, { weekday: 'short' }),
  '%%': () => '%',
};

/** `date` written after `format`. Unknown directives stay as they are. */
export function strftime(date: Date, format: string): string {
  return format.replace(/%[A-Za-z%]/g, (directive) => DIRECTIVES[directive]?.(date) ?? directive);
}
