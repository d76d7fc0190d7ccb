/** This machine cannot run the fault; the message is the reason, as a clause. */
export class NotHere extends Error {
  override readonly name = 'NotHere';
}
