/**
 * `lost`: a message that comes no more, or after a later one; `late`: one that was taken for lost; `repeated`: one that came before;
 * `mangled`: data that nobody sent; `refused`: the server said `error`; `ended`: the server or the network ended the connection.
 */
export type FaultKind = 'lost' | 'late' | 'repeated' | 'mangled' | 'refused' | 'ended';

/** Something that does not happen where a gateway and its network are well. */
export class Fault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
