/** Replaces the contents of comments, and of strings when asked, by spaces: every offset and line
 *  stays where it is. Enough of a tokenizer for our own sources; it does not try to understand the
 *  language. */

export type Blanked = 'comments' | 'comments and strings';

const REGEX_MAY_FOLLOW =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|await|yield))$/;

export function blank(text: string, what: Blanked): string {
  const out = text.split('');
  const erase = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (out[at] !== '\n') out[at] = ' ';
  };
  /** Depth of braces at which each open template literal continues. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const literal = (end: number, closing = 1): void => {
    if (what === 'comments and strings') erase(at + 1, end - closing);
    at = end;
  };
  while (at < text.length) {
    const char = text[at];
    const pair = text.slice(at, at + 2);
    if (pair === '//' || pair === '/*' || (at === 0 && pair === '#!')) {
      const end = endOfComment(text, at);
      erase(at, end);
      at = end;
    } else if (char === "'" || char === '"') {
      literal(endOfString(text, at));
    } else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const end = endOfTemplateChunk(text, at);
      const continues = text[end - 1] === '{';
      if (continues) templates.push(depth);
      literal(end, continues ? 2 : 1);
    } else if (
      char === '/' &&
      REGEX_MAY_FOLLOW.test(text.slice(Math.max(0, at - 40), at).trimEnd())
    ) {
      literal(endOfRegex(text, at));
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      at++;
    }
  }
  return out.join('');
}

function endOfComment(text: string, start: number): number {
  const isBlock = text.startsWith('/*', start);
  const end = text.indexOf(isBlock ? '*/' : '\n', start + 2);
  if (end < 0) return text.length;
  return isBlock ? end + 2 : end;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start] || text[at] === '\n') return at + 1;
  }
  return text.length;
}

/** Ends behind the closing backtick or behind the `${` that opens an expression. */
function endOfTemplateChunk(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text.startsWith('${', at)) return at + 2;
  }
  return text.length;
}

function endOfRegex(text: string, start: number): number {
  let isInClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '\n') return at;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '/' && !isInClass) return at + 1;
  }
  return text.length;
}
