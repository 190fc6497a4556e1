/**
 * Text for XML or HTML, in an element or a quoted attribute. What XML 1.0 has no character for (section 2.2) becomes the
 * replacement character; line breaks stay line breaks in attributes as well.
 */
export function escapeXml(text: string): string {
  return text.replace(unwritable, '\ufffd').replace(/[&<>"'\r\n\t]/g, character => escapes[character] ?? character);
}

const unwritable = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Cs}]/gu;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};
