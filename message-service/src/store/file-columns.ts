/** No user's id: no message can take the file any more. */
export const NO_OWNER = 0;

/** The columns of the table of files, for its entity and for statements. */
export const FILE_COLUMNS = {
  id: { name: 'id', type: 'uuid', primary: true, primaryKeyConstraintName: 'file_pkey' },
  ownerId: { name: 'owner_id', type: 'bigint' },
  name: { name: 'name', type: 'text' },
  contentType: { name: 'content_type', type: 'text' },
  size: { name: 'size', type: 'bigint' },
  width: { name: 'width', type: 'integer', nullable: true },
  height: { name: 'height', type: 'integer', nullable: true },
  createdAt: { name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' },
} as const;
