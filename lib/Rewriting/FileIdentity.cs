using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PvPatch.Rewriting;

/// <summary>Which file a path leads to, however it is spelled, and whether it is a regular one (statx(2)).</summary>
/// <param name="Device">The file system's device number.</param>
/// <param name="Inode">The file's number in it.</param>
/// <param name="IsRegular">Neither a device, a pipe, a socket nor a folder.</param>
public readonly partial record struct FileIdentity(ulong Device, ulong Inode, bool IsRegular)
{
    private const int WorkingFolder = -100; // AT_FDCWD
    private const uint TypeAndInode = 0x101; // STATX_TYPE | STATX_INO
    private const int StatxSize = 256, Mode = 28, Ino = 32, Device0 = 136; // struct statx: the same on every machine

    /// <summary>Looks at what a path leads to, links followed; false where there is nothing to see.</summary>
    public static bool TryGet(string path, out FileIdentity identity)
    {
        const int typeMask = 0xf000, regular = 0x8000; // S_IFMT, S_IFREG
        Span<byte> status = stackalloc byte[StatxSize];
        bool found = StatX(WorkingFolder, path, 0, TypeAndInode, status) == 0;
        identity = !found ? default : new FileIdentity(
            BinaryPrimitives.ReadUInt64LittleEndian(status[Device0..]),
            BinaryPrimitives.ReadUInt64LittleEndian(status[Ino..]),
            (BinaryPrimitives.ReadUInt16LittleEndian(status[Mode..]) & typeMask) == regular);
        return found;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> status);
}
