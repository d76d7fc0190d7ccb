/** A fault that this machine cannot be given, and why, as half a sentence. */
export class NotHere extends Error {
  override readonly name = 'NotHere';
}
