using System.Buffers.Binary;
using PvPatch.Kernel;

namespace PvPatch.Sites;

/// <summary>The records of one table as they lie in the image, with the address of each.</summary>
internal readonly ref struct RecordTable
{
    // Ten times what the largest kernels have: sites cost more memory than their records, and a sparse file can claim any number.
    private const ulong MaxBytes = 32 << 20;

    private const int ParavirtFields = 10;
    private readonly ReadOnlySpan<byte> bytes;
    private readonly KernelImage image;
    private readonly TableSpec spec;

    public RecordTable(KernelImage image, SiteKind kind)
    {
        this.image = image;
        spec = image.Era.TableOf(kind);
        (Start, ulong length) = image.FindTable(spec);
        if (length == 0) return;
        if (length > MaxBytes) throw new MalformedImageException(spec.Name, $"its 0x{length:x} bytes are more than any kernel's 0x{MaxBytes:x}");
        bytes = image.Memory.Slice(Start, length, spec.Name);

        // The padding of the very last record may be left out: instr, type and len are what the kernel reads.
        int rest = bytes.Length % spec.Stride;
        if (rest != 0 && !(kind == SiteKind.Paravirt && rest >= ParavirtFields))
            throw new MalformedImageException(spec.Name, $"its {bytes.Length} bytes are not a multiple of {spec.Stride}");
        Count = (bytes.Length + spec.Stride - 1) / spec.Stride;
    }

    public ulong Start { get; }

    public int Count { get; }

    public ulong AddressOf(int record) => Start + (ulong)(record * spec.Stride);

    public byte Byte(int record, int at) => bytes[(record * spec.Stride) + at];

    public ushort U16(int record, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[((record * spec.Stride) + at)..]);

    public ulong U64(int record, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[((record * spec.Stride) + at)..]);

    /// <summary>A signed 32-bit distance from its own field: what the kernel stores for a place.</summary>
    public ulong Relative32(int record, int at) =>
        AddressOf(record) + (ulong)at + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(bytes[((record * spec.Stride) + at)..]);

    /// <summary>The site of a record, once all its bytes are known to be executable text.</summary>
    /// <exception cref="MalformedImageException">They are not.</exception>
    public Site Site(int record, ulong address, int length)
    {
        if (image.FindText(address) is not { } section || (ulong)length > section.Size - (address - section.Address))
            throw Malformed(record, $"its site 0x{address:x}+{length} is not in executable text");
        return new Site(address, length, spec.Kind, AddressOf(record));
    }

    public MalformedImageException Malformed(int record, string reason) => new($"record {record} of {spec.Name}", reason);
}
