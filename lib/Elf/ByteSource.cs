using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace PvPatch.Elf;

/// <summary>The bytes of one input, read through a memory map so that only the pages touched are paid for.</summary>
public sealed unsafe partial class ByteSource : IDisposable
{
    private const int NormalAccess = 0, RandomAccess = 1; // MADV_NORMAL, MADV_RANDOM
    private readonly MemoryMappedFile? map;
    private readonly MemoryMappedViewAccessor? view;
    private GCHandle pin;
    private byte* start;

    private ByteSource(string name, string path)
    {
        Name = name;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        if (!file.CanSeek) throw new IOException($"{path}: is a pipe or a device, not a file");
        Length = file.Length;
        if (Length == 0) return;
        map = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        start += view.PointerOffset;
    }

    private ByteSource(string name, byte[] bytes)
    {
        (Name, Length) = (name, bytes.Length);
        pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        start = (byte*)pin.AddrOfPinnedObject();
    }

    /// <summary>The name by which messages call this input, usually its path.</summary>
    public string Name { get; }

    /// <summary>How many bytes there are.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="IOException">The file cannot be opened or mapped.</exception>
    public static ByteSource Open(string path) => new(path, path);

    /// <summary>Wraps bytes already in memory; they must not change while the source lives.</summary>
    public static ByteSource FromBytes(byte[] bytes, string name = "(memory)") => new(name, bytes);

    /// <summary>Whether <paramref name="length"/> bytes stand at <paramref name="offset"/>.</summary>
    public bool Contains(ulong offset, ulong length) =>
        offset <= (ulong)Length && length <= (ulong)Length - offset;

    /// <summary>The bytes at a place in the file.</summary>
    /// <param name="offset">File offset.</param>
    /// <param name="length">How many bytes; at most 2 GiB.</param>
    /// <param name="place">What lies there, for the message.</param>
    /// <exception cref="MalformedImageException">The range leaves the file.</exception>
    public ReadOnlySpan<byte> Slice(ulong offset, ulong length, string place)
    {
        if (!Contains(offset, length))
            throw new MalformedImageException(
                place, $"bytes 0x{offset:x}+0x{length:x} lie outside of the file, which has 0x{Length:x}");
        if (length > int.MaxValue) throw new MalformedImageException(place, $"0x{length:x} bytes are too many for one table");
        return new ReadOnlySpan<byte>(start + offset, (int)length);
    }

    /// <summary>Says that single pages far apart will be wanted, so that the system reads those and not what lies between.</summary>
    /// <param name="sparse">False takes it back.</param>
    internal void ExpectSparseAccess(bool sparse)
    {
        if (view is not null && start != null) _ = Advise(start - view.PointerOffset, (nuint)Length, sparse ? RandomAccess : NormalAccess);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* start, nuint length, int advice);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (start == null) return;
        start = null;
        view?.SafeMemoryMappedViewHandle.ReleasePointer();
        view?.Dispose();
        map?.Dispose();
        if (pin.IsAllocated) pin.Free();
    }
}
