/** Text that reads the same in GitHub-flavoured Markdown, on one line, so that it also fits into a cell of a table. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll('&', '&amp;')
    .replace(/[\\`*_{}[\]<>|~#]/g, '\\$&');
}
