/** The rules of PROTOCOL.md that no test names, and why. One that a test names may not stand here. */
export const UNTESTED: readonly { readonly why: string; readonly rules: readonly string[] }[] = [
  {
    why: 'What a client does is for the tests of a client: the gateway sees only whether it comes back.',
    rules: ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8', 'C9', 'C10', 'C11', 'C12', 'C13', 'C14', 'C15', 'C16'],
  },
  {
    why: 'What a client does after a close: `closeAction` of gateway-protocol, which is tested, says only which of these it is.',
    rules: ['C17', 'C18', 'C19', 'C20', 'C21'],
  },
];
