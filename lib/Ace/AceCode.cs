using Iced.Intel;
using PvPatch.X86;

namespace PvPatch.Ace;

/// <summary>The area's bytes, decoded where somebody asks.</summary>
public sealed class AceCode
{
    private readonly byte[] bytes;
    private readonly HashSet<ulong> starts = [];

    private AceCode(AceArea area, byte[] bytes)
    {
        (Area, this.bytes) = (area, bytes);
        foreach (AceEntry entry in area.Entries) starts.Add(entry.Address);
        starts.Add(area.End);
    }

    /// <summary>The area.</summary>
    public AceArea Area { get; }

    /// <summary>Its bytes.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Reads the area of an image; null where the image does not hold all of it.</summary>
    public static AceCode? Read(AceImage image, AceArea area) =>
        image.TrySlice(area.Start, area.End - area.Start, out ReadOnlySpan<byte> code) ? new AceCode(area, code.ToArray()) : null;

    /// <summary>Decodes one instruction; <c>IsInvalid</c> where there is none, or where the area's end cuts it.</summary>
    public Instruction Decode(ulong address)
    {
        int at = (int)(address - Area.Start);
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(bytes, at, bytes.Length - at), DecoderOptions.None);
        decoder.IP = address;
        return decoder.Decode();
    }

    /// <summary>Whether the bytes from here to the next entry, or to the area's end, are all fill.</summary>
    public bool IsFill(ulong address)
    {
        ulong at = address;
        while (at < Area.End && bytes[at - Area.Start] == Branch.Int3)
            if (starts.Contains(++at)) return true;
        return false;
    }

    /// <summary>Where the bytes that begin here end: at fill, or at the next entry.</summary>
    public ulong EndOfRun(ulong address)
    {
        while (address < Area.End && bytes[address - Area.Start] != Branch.Int3 && !starts.Contains(address + 1)) address++;
        return Math.Min(address + 1, Area.End);
    }

    /// <summary>Whether a routine, or nothing, begins here.</summary>
    public bool IsStart(ulong address) => starts.Contains(address);
}
