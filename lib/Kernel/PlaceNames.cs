using System.Globalization;
using PvPatch.Elf;
using PvPatch.Images;

namespace PvPatch.Kernel;

/// <summary>Addresses as people and profiles write them: <c>symbol</c>, <c>symbol+0x12</c> or <c>0xffffffff81000000</c>.</summary>
public static class PlaceNames
{
    /// <summary>The name of an address that <see cref="TryResolve"/> turns back into it: hex where no symbol's name is unique.</summary>
    public static string NameOf(ElfSymbolTable symbols, ulong address)
    {
        string name = symbols.Describe(address);
        return TryResolve(symbols, name, out ulong back) && back == address ? name : $"0x{address:x}";
    }

    /// <summary>The address of a name.</summary>
    public static bool TryResolve(ElfSymbolTable symbols, string text, out ulong address)
    {
        if (HexAddress.TryParse(text, out address)) return true;
        if (symbols.TryFindAddress(text, out address)) return true;
        int plus = text.LastIndexOf('+');
        if (plus <= 0 || !symbols.TryFindAddress(text[..plus], out ulong start)) return false;
        string offset = text[(plus + 1)..];
        if (!HexAddress.TryParse(offset, out ulong into)
            && !ulong.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out into)) return false;
        address = start + into;
        return true;
    }
}
