/** Snippets of a page, of the shell or JavaScript, that stand behind the mark `<!-- tested: NAME
 *  -->`: a test runs them as they are. */

export interface Snippet {
  readonly name: string;
  readonly text: string;
}

export function testedSnippets(markdown: string): readonly Snippet[] {
  const pattern = /^<!-- tested: ([\w-]+) -->\n+```(?:sh|js)\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(pattern)].map(([, name = '', text = '']) => ({ name, text }));
}
